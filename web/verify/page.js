// @ts-check
/**
 * The page on which a person verifies a phone: a number, then the code from the SMS. It asks the user API and shows
 * what that says. What a tab has under way is kept in the tab, so that a reload goes on with it and no other tab sees it.
 */

import { attemptsLeft, ENDS, inWords, PROBLEMS, UNSENT } from "/verify/words.js";

/** @typedef {{id: string, token: string, to: string, resendAt: number}} Held a verification that is under way */
/** @typedef {{key: string, phoneNumber: string}} Wish a start whose answer is not here yet */
/** @typedef {{status: string, reason?: string, expiresAt: string | null, attemptsRemaining: number,
 *   resendsRemaining?: number}} Standing what the API says of a verification */

const TICK = 500; // milliseconds
const LOOK_EVERY = 3000; // milliseconds; what other tabs and operators do is seen that late
const LOOK_SOON = 1000; // while something is about to happen
const HALF_A_SECOND = 500; // milliseconds; the header Date has whole seconds, cut off
const PATIENCE = 20_000; // milliseconds for one answer
const KEPT = "countersign-verification";
const WISHED = "countersign-start";
const TOLD_AT = [60, 30, 10]; // seconds left that are said aloud

/** The API said no, in one of its stable codes. */
class RefusedError extends Error {
  constructor(/** @type {any} */ body, /** @type {number} */ retryAfter) {
    super(PROBLEMS[body.code] ?? PROBLEMS.internal_error);
    this.code = String(body.code);
    this.retryAfter = retryAfter;
  }

  get told() {
    return this.retryAfter ? `${this.message} Try again in ${inWords(this.retryAfter)}.` : this.message;
  }
}
/** The API said nothing. */
class SilentError extends Error {
  told = "There is no connection. Try again.";
}

/** What this page knows; what another tab or a reload has to know is in the tab's storage. */
const state = {
  held: /** @type {Held | null} */ (null),
  seen: /** @type {Standing | null} */ (null),
  clock: 0, // milliseconds that the server's clock is ahead of ours
  lookAt: 0, // when to look next
  secondsTold: Infinity,
  isBusy: false,
};

/** @returns {any} */
function at(/** @type {string} */ id) {
  return document.getElementById(id);
}

function put(/** @type {string} */ id, /** @type {string} */ text) {
  if (at(id).textContent !== text) at(id).textContent = text;
}

/** The storage of this tab; where the browser has none, the page works until it is reloaded. */
function kept(/** @type {string} */ name) {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? "null");
  } catch {
    return null;
  }
}

function keep(/** @type {string} */ name, /** @type {object | null} */ value) {
  try {
    if (value === null) sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, JSON.stringify(value));
  } catch { /* there is none */ }
}

function serverTime() {
  return Date.now() + state.clock;
}

/**
 * Ask the API, and return the body of its answer.
 * @returns {Promise<any>}
 */
async function ask(/** @type {string} */ path, /** @type {{body?: object, method?: string, headers?: object}} */ options = {}) {
  const { body, method = "POST" } = options;
  const type = body ? { "Content-Type": "application/json" } : {};
  const token = state.held ? { Authorization: `Bearer ${state.held.token}` } : {};
  const headers = { ...type, ...token, ...options.headers };
  const { response, text } = await answerTo(path, { method, headers, body: body && JSON.stringify(body) });
  const date = Date.parse(response.headers.get("Date") ?? "");
  if (date) state.clock = date + HALF_A_SECOND - Date.now();
  const value = readAs(text);
  if (response.ok && value) return value;
  throw new RefusedError(value ?? {}, Number(response.headers.get("Retry-After")) || 0);
}

async function answerTo(/** @type {string} */ path, /** @type {RequestInit} */ options) {
  try {
    const response = await fetch(path, { ...options, signal: AbortSignal.timeout(PATIENCE) });
    return { response, text: await response.text() };
  } catch (error) {
    throw new SilentError("silence", { cause: error });
  }
}

function readAs(/** @type {string} */ text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Ask about the verification that is under way. */
function askOf(/** @type {string} */ what, /** @type {object} */ options = {}) {
  return ask(`/api/verifications/${state.held?.id}${what}`, options);
}

function show(/** @type {"number" | "code" | "end"} */ view, /** @type {string} */ focused) {
  for (const one of ["number", "code", "end"]) at(`${one}-view`).hidden = one !== view;
  document.querySelector("main")?.setAttribute("aria-busy", "false");
  document.title = at(`${view}-heading`).textContent;
  at(focused).focus();
}

function complain(/** @type {"number" | "code"} */ field, /** @type {string} */ problem) {
  at(field).setAttribute("aria-invalid", String(Boolean(problem)));
  put(`${field}-problem`, ""); // what is said twice is announced twice
  put(`${field}-problem`, problem);
  if (problem) at(field).focus();
}

/** Do one thing at a time, and tell at *field* what is wrong with it; an end is told as an end. */
async function act(/** @type {"number" | "code"} */ field, /** @type {string} */ doing, /** @type {() => Promise<void>} */ work) {
  if (state.isBusy) return;
  state.isBusy = true;
  complain(field, "");
  put("told", doing);
  try {
    await work();
    if (at("told").textContent === doing) put("told", "");
  } catch (error) {
    if (!(error instanceof RefusedError || error instanceof SilentError)) throw error;
    put("told", "");
    complain(field, error.told);
    if (state.held && error instanceof RefusedError) await look();
  } finally {
    state.isBusy = false;
  }
}

async function start() {
  const phoneNumber = at("number").value.trim();
  if (!phoneNumber) return complain("number", "A number is needed.");
  const before = kept(WISHED);
  const key = before?.phoneNumber === phoneNumber ? before.key : crypto.randomUUID();
  await act("number", "Sending the code…", () => begun({ key, phoneNumber }));
}

/** Start; whoever reloads meanwhile asks again with the same key, and so gets the same verification. */
async function begun(/** @type {Wish} */ wish) {
  keep(WISHED, wish);
  try {
    const begun = await asked(wish);
    keep(WISHED, null);
    hold({ id: begun.id, token: begun.token, to: begun.to, resendAt: serverTime() + begun.resendAfterSeconds * 1000 });
    at("code").value = "";
    tell(begun);
    if (begun.status === "pending") show("code", "code");
  } catch (error) {
    if (error instanceof RefusedError) keep(WISHED, null);
    throw error;
  }
}

/** The page's own cookie lasts a while; where it is over, the page itself brings a new one. */
async function asked(/** @type {Wish} */ wish) {
  const options = { body: { phoneNumber: wish.phoneNumber }, headers: { "Idempotency-Key": wish.key } };
  try {
    return await ask("/verify/start", options);
  } catch (error) {
    if (!(error instanceof RefusedError) || error.code !== "unauthorized") throw error;
    await answerTo("/verify", {});
    return ask("/verify/start", options);
  }
}

function hold(/** @type {Held | null} */ held) {
  state.held = held;
  state.seen = null;
  state.secondsTold = Infinity;
  keep(KEPT, held);
}

/** Show how the verification stands. */
function tell(/** @type {Standing} */ standing) {
  const before = state.seen;
  state.seen = standing;
  if (standing.status !== "pending") return end(standing.status, standing.reason);
  put("attempts", String(standing.attemptsRemaining));
  put("sent", `${standing.expiresAt ? "We sent it to" : "It goes to"} ${state.held?.to}.`);
  if (!standing.expiresAt) put("told", "The SMS is on its way…");
  else if (before && !before.expiresAt) put("told", "The SMS is out.");
  const isFewer = before && standing.attemptsRemaining < before.attemptsRemaining;
  if (isFewer) put("told", `A code was wrong. ${attemptsLeft(standing.attemptsRemaining)}`);
  const unsent = UNSENT[standing.reason ?? ""];
  if (unsent && before?.reason !== standing.reason) put("told", unsent);
  state.lookAt = serverTime() + (standing.expiresAt ? LOOK_EVERY : LOOK_SOON);
  tick();
}

function end(/** @type {string} */ standing, reason = "") {
  const [heading, texts] = ENDS[standing] ?? ENDS.gone;
  hold(null);
  put("told", "");
  put("end-heading", heading);
  put("end-text", texts[reason] ?? texts[""]);
  put("again", standing === "verified" ? "Verify another number" : "Start again");
  at("end-view").dataset.standing = standing;
  show("end", "end-heading");
}

/** Ask how the verification stands. */
async function look() {
  state.lookAt = serverTime() + LOOK_EVERY;
  const id = state.held?.id;
  try {
    const standing = await askOf("", { method: "GET" });
    if (state.held && state.held.id === id) tell(standing);
  } catch (error) {
    if (error instanceof SilentError) put("told", error.told);
    else if (!(error instanceof RefusedError)) throw error;
    else if (["not_found", "unauthorized"].includes(error.code)) end("gone");
    else put("told", error.told);
  }
}

async function check() {
  const code = at("code").value.replace(/\s/g, "");
  if (!code) return complain("code", "A code is needed.");
  if (!/^[0-9]+$/.test(code)) return complain("code", "A code has digits only.");
  await act("code", "Checking…", async () => judged(await askOf("/check", { body: { code } })));
}

/** Show the verdict on one attempt, or look for it where it is not there yet. */
function judged(/** @type {any} */ verdict) {
  at("code").value = "";
  if (verdict.status === "checking") {
    state.lookAt = serverTime() + LOOK_SOON;
    put("told", "This takes longer than usual…");
    return;
  }
  if (verdict.status !== "pending") return end(verdict.status, verdict.reason);
  const left = verdict.attemptsRemaining;
  if (state.seen) state.seen.attemptsRemaining = left;
  put("attempts", String(left));
  complain("code", `That is not the code. ${attemptsLeft(left)}`);
}

async function resend() {
  if (at("resend").getAttribute("aria-disabled") === "true") return;
  await act("code", "Sending the code again…", async () => {
    try {
      const answer = await askOf("/resend");
      again(answer.resendAfterSeconds, answer.resendsRemaining);
      put("told", "The same code is on its way again.");
    } catch (error) {
      if (error instanceof RefusedError && error.code === "rate_limited") again(error.retryAfter);
      throw error;
    }
  });
}

/** Note when and how often the code may be sent again. */
function again(/** @type {number} */ seconds, left = state.seen?.resendsRemaining) {
  if (!state.held || !state.seen) return;
  state.seen.resendsRemaining = left;
  state.held.resendAt = serverTime() + seconds * 1000;
  state.lookAt = serverTime() + LOOK_SOON;
  keep(KEPT, state.held);
}

async function cancel() {
  await act("code", "Canceling…", async () => {
    const answer = await askOf("/cancel");
    if (answer.status === "canceled") end("canceled");
    else state.lookAt = serverTime() + LOOK_SOON;
  });
}

/** Let the clock on the page go on. */
function tick() {
  if (!state.held || !state.seen) return;
  const ends = state.seen.expiresAt;
  const seconds = ends ? Math.max(0, Math.round((Date.parse(ends) - serverTime()) / 1000)) : NaN;
  put("left", ends ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` : "…");
  const due = TOLD_AT.find((one) => seconds <= one && seconds > one - 5 && one < state.secondsTold);
  if (due) {
    state.secondsTold = due;
    put("told", `${due} seconds left.`);
  }
  if (seconds === 0) state.lookAt = Math.min(state.lookAt, serverTime() + LOOK_SOON);
  tickResend();
}

function tickResend() {
  const wait = Math.ceil(((state.held?.resendAt ?? 0) - serverTime()) / 1000);
  const left = state.seen?.resendsRemaining ?? 1;
  at("resend").setAttribute("aria-disabled", String(wait > 0 || left === 0 || !state.seen?.expiresAt));
  put("resend-hint", left === 0 ? "It is not sent again." : wait > 0 ? `In ${inWords(wait)}.` : "");
}

async function keepUp() {
  if (!document.hidden && state.held) {
    tick();
    if (serverTime() >= state.lookAt && !state.isBusy) await look();
  }
  setTimeout(keepUp, TICK);
}

/** Go on with what this tab had under way, or begin. */
async function begin() {
  const held = kept(KEPT);
  const wish = kept(WISHED);
  if (held) {
    hold(held);
    await look();
    if (state.seen) show("code", "code");
    else if (state.held) show("code", "code-heading");
    return;
  }
  if (wish) at("number").value = wish.phoneNumber;
  show("number", "number");
  if (wish) await start();
}

function listen(/** @type {string} */ id, /** @type {string} */ kind, /** @type {() => unknown} */ work) {
  at(id).addEventListener(kind, (/** @type {Event} */ event) => {
    event.preventDefault();
    work();
  });
}

listen("start", "submit", start);
listen("check", "submit", check);
listen("resend", "click", resend);
listen("cancel", "click", cancel);
listen("again", "click", () => {
  at("number").value = "";
  show("number", "number");
});
document.addEventListener("visibilitychange", () => {
  state.lookAt = 0;
});

await begin();
keepUp();
