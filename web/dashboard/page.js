// @ts-check
/**
 * The dashboard: shows the cases that somebody may see, and lets those decide them who may.
 * It asks the API for cases every few seconds. A decision is sent with the version of the case that stands on the page,
 * so nobody decides what they did not see. Texts by others enter the page as text only.
 */

import { API, ask, me, meet, RefusedError, SilentError } from "./asking.js";
import { decide, forgetKeys, retry } from "./deciding.js";
import { at, clear, fillOnce, list, put } from "./elements.js";
import { fillCard, fillFacts, fillVerdict, showTrail, tick, titleOf } from "./views.js";
import * as words from "./words.js";

/** @typedef {import("./views.js").Case} Case */

const PAGE_SIZE = 25;
const REFRESH_EVERY = 2000; // milliseconds
const TABS = ["pending", "decided"];
const NOT_KNOWN = "You are not signed in, and the platform's sign-in does not answer: perhaps it is not switched on."
  + " On your own machine, devhost start --auth plays it.";

/** What the reader chose; everything else is asked again. */
const view = { id: /** @type {string | null} */ (null), tab: "pending", cursors: [""], following: "" };
/** What they were told last. */
const seen = { one: /** @type {Case | null} */ (null), answeredAt: "" };
/** The newest question of each kind; an answer to an older one is old news. @type {Record<string, number>} */
const rounds = { list: 0, one: 0 };

/** Take away what the last reader was shown. */
function forget() {
  for (const place of ["list", "facts", "trail", "verdict", "description", "told", "case-told", "list-told"]) clear(at(place));
  at("comment").value = "";
  at("chosen").hidden = true;
  seen.one = null;
  forgetKeys();
}

function showDoor() {
  if (!at("desk").hidden) forget();
  at("desk").hidden = at("who").hidden = true;
  at("door").hidden = false;
  put(at("door-told"), me.isAnswered ? "Sign in to see the cases that you may see." : NOT_KNOWN);
  at("sign-in").hidden = false;
  const goal = encodeURIComponent(`/dashboard${location.hash}`);
  at("sign-in").href = `/.auth/login/aad?post_login_redirect_uri=${goal}`;
}

function showDesk() {
  at("door").hidden = true;
  at("desk").hidden = at("who").hidden = false;
  put(at("name"), me.name || "somebody");
  put(at("roles"), me.roles?.length ? me.roles.join(", ") : me.roles ? "no role" : "");
}

function may(/** @type {string} */ role) {
  return me.roles === null || me.roles.includes(role);
}

function showList(/** @type {{items: Case[], nextCursor: string | null}} */ answer) {
  view.following = answer.nextCursor ?? "";
  list(at("list"), answer.items, (one) => one.id, fillCard);
  const isDecided = view.tab === "decided";
  const isFiltered = at("text").value || at("action").value || (isDecided && at("outcome").value !== "decided");
  const none = isDecided ? "No case is decided yet." : "No case waits for a decision.";
  put(at("list-told"), answer.items.length || view.cursors.length > 1 ? "" : isFiltered ? "No case fits." : none);
  put(at("page"), String(view.cursors.length));
  at("pages").hidden = !view.following && view.cursors.length === 1;
  at("previous").disabled = view.cursors.length === 1;
  at("following").disabled = !view.following;
  markChosen();
}

function markChosen() {
  for (const link of at("list").querySelectorAll("a")) {
    if (link.hash === `#/cases/${view.id}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function showCase(/** @type {Case} */ one) {
  if (seen.one?.id === one.id && seen.one.version > one.version) return;
  seen.one = one;
  put(at("case-told"), "");
  at("chosen").hidden = false;
  put(at("case-heading"), titleOf(one));
  document.title = `${titleOf(one)} - Countersign`;
  put(at("description"), one.description);
  fillOnce(at("facts"), one, fillFacts);
  fillOnce(at("verdict"), { ...one, me: me.subject }, fillVerdict);
  offer(one);
}

/** Offer what this reader may do with the case as it stands. */
function offer(/** @type {Case} */ one) {
  const isOpen = one.status === "pending_approval";
  const isOwn = one.customerId === me.subject;
  const hasFailed = one.status === "refund_failed";
  at("decision").hidden = !(isOpen && may("Supervisor") && !isOwn);
  at("retry").hidden = !(hasFailed && may("Operator"));
  const pays = one.action === "refund"
    ? `Approving pays ${words.money(one.amount, one.currency)} back to ${one.customerId}.` : "Approving pays nothing.";
  put(at("means"), `${pays} A decision cannot be taken back.`);
  const openTo = isOwn ? "You filed this case; a supervisor decides it." : "A supervisor decides this case.";
  const told = isOpen && at("decision").hidden ? openTo : hasFailed && at("retry").hidden
    ? "The payment failed; an operator can have it tried again." : "";
  put(at("not-yours"), told);
  at("not-yours").hidden = !told;
}

async function cases() {
  const round = ++rounds.list;
  const problem = /^[\w-]*$/.test(at("text").value.trim()) ? "" : "An id has only letters, digits, _ and -.";
  put(at("text-problem"), problem);
  at("text").setAttribute("aria-invalid", String(Boolean(problem)));
  if (problem) return;
  const query = new URLSearchParams({ limit: String(PAGE_SIZE) });
  const wanted = {
    status: view.tab === "pending" ? "pending_approval" : at("outcome").value,
    action: at("action").value,
    q: at("text").value.trim(),
    cursor: view.cursors[view.cursors.length - 1],
  };
  for (const [name, value] of Object.entries(wanted)) if (value) query.set(name, value);
  const answer = await ask(`${API}?${query}`);
  if (round === rounds.list) showList(answer);
}

async function chosen() {
  const id = view.id;
  if (id === null) return;
  const round = ++rounds.one;
  const path = `${API}/${encodeURIComponent(id)}`;
  const [one, trail] = await Promise.all([ask(path), ask(`${path}/audit`)]);
  if (round !== rounds.one) return;
  showCase(one);
  showTrail(at("trail"), trail.items);
}

/** Run one of the two above; a refusal is told in its own place, and silence is the caller's business. */
async function part(/** @type {() => Promise<void>} */ work, /** @type {string} */ place) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof RefusedError) || error.status === 401) throw error;
    if (place === "list-told") at("list").replaceChildren();
    const isGone = error.status === 404 && place === "case-told";
    put(at(place), isGone ? "There is no such case, or none that you may see." : error.message);
    if (isGone) at("chosen").hidden = true;
  }
}

async function refresh() {
  try {
    if (await meet()) forget();
    await Promise.all([part(cases, "list-told"), part(chosen, "case-told")]);
    showDesk();
    fresh();
  } catch (error) {
    if (error instanceof RefusedError) showDoor();
    else if (error instanceof SilentError) stale();
    else throw error;
  }
  tick();
}

function fresh() {
  at("stale").hidden = true;
  put(at("stale"), "");
  seen.answeredAt = new Date().toLocaleTimeString();
}

function stale() {
  const since = seen.answeredAt ? ` What you see is from ${seen.answeredAt}, and may have changed.` : "";
  put(at("stale"), `The app does not answer.${since}`);
  at("stale").hidden = false;
}

async function keepUp() {
  if (!document.hidden) await refresh();
  setTimeout(keepUp, REFRESH_EVERY);
}

/** Ask for a change of the chosen case, say how it went, and look again; nothing else is asked for meanwhile. */
async function act(/** @type {HTMLFormElement} */ form, /** @type {(one: Case) => Promise<string>} */ work) {
  const one = /** @type {Case} */ (seen.one);
  const buttons = [...form.querySelectorAll("button")];
  for (const button of buttons) button.disabled = true;
  say("…");
  const [told, kind] = await outcomeOf(() => work(one));
  if (view.id === one.id) say(told, kind);
  await refresh();
  for (const button of buttons) button.disabled = false;
  if (view.id === one.id) at("case-heading").focus();
}

async function outcomeOf(/** @type {() => Promise<string>} */ work) {
  try {
    return [await work(), "good"];
  } catch (error) {
    if (!(error instanceof RefusedError || error instanceof SilentError)) throw error;
    return [error.message, "bad"];
  }
}

function say(/** @type {string} */ text, kind = "") {
  at("told").className = `told ${kind}`;
  put(at("told"), text);
}

function turnTo(/** @type {string[]} */ cursors) {
  view.cursors = cursors;
  rounds.list += 1;
  return refresh();
}

function turn(/** @type {string} */ tab) {
  const isSame = view.tab === tab;
  view.tab = tab;
  for (const name of TABS) {
    at(name).setAttribute("aria-selected", String(name === tab));
    at(name).tabIndex = name === tab ? 0 : -1;
  }
  at("panel").setAttribute("aria-labelledby", tab);
  at("outcome-label").hidden = tab === "pending";
  at("back").hash = `#/${tab}`;
  if (isSame) return;
  at("list").replaceChildren();
  put(at("list-told"), "Loading cases…");
  view.cursors = [""];
  rounds.list += 1;
}

function choose() {
  if (location.hash && !location.hash.startsWith("#/")) return;
  const [, place, id] = location.hash.split("/");
  const before = view.id;
  view.id = place === "cases" && id ? id : null;
  if (view.id === null) turn(TABS.includes(place) ? place : "pending");
  document.body.classList.toggle("has-chosen", view.id !== null);
  document.title = "Cases - Countersign";
  put(at("case-heading"), view.id === null ? "No case chosen" : "Case");
  put(at("case-told"), view.id === null ? "Choose a case to see what it is about." : "Loading the case…");
  say("");
  at("comment").value = "";
  at("chosen").hidden = true;
  clear(at("trail"));
  seen.one = null;
  rounds.one += 1;
  markChosen();
  focusOn(before);
}

/** Move the focus to the case that was chosen, or back to where the last one was chosen. */
function focusOn(/** @type {string | null} */ before) {
  if (view.id !== null) at("case-heading").focus();
  else if (before !== null && !TABS.includes(document.activeElement?.id ?? "")) {
    (at("list").querySelector(`a[href="#/cases/${CSS.escape(before)}"]`) ?? at("cases-heading")).focus();
  }
}

function listen(/** @type {string} */ id, /** @type {string} */ kind, /** @type {(event: any) => unknown} */ work) {
  at(id).addEventListener(kind, (/** @type {Event} */ event) => {
    event.preventDefault();
    work(event);
  });
}

listen("tabs", "click", (event) => TABS.includes(event.target.id) && (location.hash = `#/${event.target.id}`));
at("tabs").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
  const other = TABS.find((name) => name !== view.tab);
  const goal = { ArrowLeft: other, ArrowRight: other, Home: TABS[0], End: TABS[1] }[event.key];
  if (!goal) return;
  event.preventDefault();
  at(goal).focus();
  location.hash = `#/${goal}`;
});
listen("filter", "submit", () => turnTo([""]));
listen("filter", "input", () => turnTo([""]));
listen("previous", "click", () => turnTo(view.cursors.slice(0, -1)));
listen("following", "click", () => turnTo([...view.cursors, view.following]));
listen("decision", "submit", (event) => act(event.target, async (one) => {
  const decided = await decide(one, event.submitter.value, at("comment").value);
  if (view.id === one.id) showCase(decided);
  return `${words.verdict(decided.resolution, me.subject)}.`;
}));
listen("retry", "submit", (event) => act(event.target, retry));
addEventListener("hashchange", () => {
  choose();
  refresh();
});
document.addEventListener("visibilitychange", () => document.hidden || refresh());

choose();
keepUp();
