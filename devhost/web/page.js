// @ts-check
/**
 * The page of devhost: asks the management API below /devhost/api every two seconds and shows what it says.
 * What an app stored enters the page as text only, and an element that did not change is left alone, so that neither
 * the focus nor an opened value is lost.
 */

import { after, at, clock, fillValue, list, make, parse, put, putTime } from "./elements.js";

/** @typedef {{name: string, instanceId: string, runtimeStatus: string, input: unknown, customStatus: unknown,
 *   output: unknown, createdTime: string, lastUpdatedTime: string}} Instance */
/** @typedef {Record<string, unknown> & {EventType: string, Timestamp: string}} HistoryEvent */
/** @typedef {{taskHub: string, now: string, due: {instanceId: string, name: string, fireAt: string}[]}} Due */

const API = "/devhost/api";
const PAGE_SIZE = 25;
const EVENTS_AT_FIRST = 100;
const REFRESH_EVERY = 2000; // milliseconds
const PATIENCE = 10_000; // milliseconds for one answer
const MOVE_PATIENCE = 60_000; // milliseconds; devhost itself answers after 30 s at the latest
const TOKEN = "x-ms-continuation-token";
const NO_FIELDS = new Set(["EventType", "Timestamp", "FunctionName", "Name", "EventId"]);
const PAYLOADS = new Set(["Input", "Result"]);
const QUESTIONS = {
  terminate: ["Terminate this instance?", "It ends at once, and what it waits for never happens.", "Terminate"],
  purge: ["Purge this instance?", "Its state and its history are gone for good.", "Purge"],
};

/** The host said no. */
class RefusedError extends Error {}
/** The host said nothing. */
class SilentError extends Error {}

/** What the reader chose; everything else is asked again. */
const view = { id: /** @type {string | null} */ (null), tokens: [""], following: "", all: false, round: 0 };
/** What the reader was told last. */
const seen = { next: /** @type {string | null} */ (null), answeredAt: "", now: "" };

/**
 * Ask, and return the value and the headers of the answer; an answer that is a refusal is thrown in the host's words.
 * @returns {Promise<{value: any, headers: Headers}>}
 */
async function ask(/** @type {string} */ path, /** @type {RequestInit} */ options = {}, patience = PATIENCE) {
  const { response, text } = await answerTo(path, { ...options, signal: AbortSignal.timeout(patience) });
  if (response.ok) return { value: text ? parse(text) : null, headers: response.headers };
  throw new RefusedError(`devhost answered ${response.status}${reasonOf(text)}`, { cause: response.status });
}

async function answerTo(/** @type {string} */ path, /** @type {RequestInit} */ options) {
  try {
    const response = await fetch(path, options);
    return { response, text: await response.text() };
  } catch (error) {
    throw new SilentError("devhost does not answer.", { cause: error });
  }
}

function reasonOf(/** @type {string} */ text) {
  try {
    const body = parse(text);
    const reason = typeof body === "string" ? body : [body.Message, body.ExceptionMessage].filter(Boolean).join(" ");
    return reason ? `: ${reason}` : "";
  } catch {
    return "";
  }
}

/** The path of an instance: the host decodes it twice, takes + for a space, and resolves dots. */
function pathOf(/** @type {string} */ id) {
  return `${API}/instances/${twice(id)}`;
}

function twice(/** @type {string} */ text) {
  return encodeURIComponent(encodeURIComponent(text)).replaceAll(".", "%252E");
}

function showDue(/** @type {Due} */ answer) {
  put(at("hub"), answer.taskHub);
  putTime(at("now"), answer.now);
  Object.assign(seen, { next: answer.due[0]?.fireAt ?? null, now: answer.now });
  at("to-next").disabled = seen.next === null;
  put(at("due-told"), answer.due.length ? "" : "No timer is set.");
  list(at("due"), answer.due, (one) => one.instanceId, "li", (element, one) => {
    const fires = make("time", { class: "at", datetime: one.fireAt }, clock(one.fireAt, 8));
    element.replaceChildren(link(one.instanceId, make("span", { class: "state" }, one.name), fires));
  });
}

function link(/** @type {string} */ id, ...children) {
  return make("a", { href: `#/${encodeURIComponent(id)}` }, make("span", { class: "id" }, id), ...children);
}

function showList(/** @type {Instance[]} */ instances, /** @type {string} */ following) {
  view.following = following;
  list(at("list"), instances, (one) => one.instanceId, "li", fillRow);
  const isFiltered = at("state").value || at("since").value || at("prefix").value;
  const none = isFiltered ? "No instance matches." : "No instance yet: start one, and it appears here.";
  put(at("list-told"), instances.length || view.tokens.length > 1 ? "" : none);
  put(at("page"), String(view.tokens.length));
  at("pages").hidden = !following && view.tokens.length === 1;
  at("previous").disabled = view.tokens.length === 1;
  at("following").disabled = !following;
  markChosen();
}

function fillRow(/** @type {Element} */ element, /** @type {Instance} */ one) {
  if (!element.firstElementChild) {
    const parts = ["state", "name", "at"].map((name) => make("span", { class: name }));
    element.append(link(one.instanceId, ...parts));
  }
  const [, state, name, updated] = element.querySelectorAll("span");
  state.dataset.state = one.runtimeStatus;
  put(state, one.runtimeStatus);
  put(name, one.name);
  put(updated, clock(one.lastUpdatedTime));
}

function markChosen() {
  for (const anchor of document.querySelectorAll(".rows a")) {
    const isChosen = anchor.firstElementChild?.textContent === view.id;
    if (isChosen) anchor.setAttribute("aria-current", "true");
    else anchor.removeAttribute("aria-current");
  }
}

function showInstance(/** @type {Instance} */ one) {
  put(at("instance-told"), "");
  at("chosen").hidden = false;
  at("status").dataset.state = one.runtimeStatus;
  put(at("status"), one.runtimeStatus);
  put(at("function"), one.name);
  putTime(at("created"), one.createdTime);
  putTime(at("updated"), one.lastUpdatedTime);
  const values = [["Input", one.input], ["Custom status", one.customStatus], ["Output", one.output]];
  const rows = values.filter(([, value]) => value !== null).map(([label, value]) => ({ label: String(label), value }));
  list(at("values"), rows, (row) => row.label, "div", fillValue);
  for (const element of at("instance").querySelectorAll("[data-for]")) {
    element.hidden = !element.dataset.for.split(" ").includes(one.runtimeStatus);
  }
}

function showTimeline(/** @type {HistoryEvent[]} */ events, /** @type {string} */ created) {
  const shown = view.all ? events : events.slice(0, EVENTS_AT_FIRST);
  const start = events[0]?.Timestamp ?? created;
  const count = events.length === shown.length ? "" : `The first ${shown.length} of ${events.length} events.`;
  put(at("timeline-told"), events.length ? count : "No event yet: the first turn has not ended.");
  at("show-all").hidden = events.length === shown.length;
  list(at("timeline"), shown, (event) => `${event.EventType} ${event.Timestamp}`, "li", (element, event) => {
    fillEvent(/** @type {HTMLElement} */ (element), event, start);
  });
}

function fillEvent(/** @type {HTMLElement} */ element, /** @type {HistoryEvent} */ event, /** @type {string} */ start) {
  element.dataset.kind = kindOf(event);
  const of = event.FunctionName ?? event.Name;
  const head = make("p", {}, make("strong", {}, event.EventType), ...(of ? [make("span", { class: "of" }, String(of))] : []));
  const since = make("span", { class: "since" }, after(start, event.Timestamp));
  const when = make("p", {}, make("time", { datetime: event.Timestamp }, clock(event.Timestamp)), since);
  const { Input: input, ...others } = event;
  const fields = Object.entries({ Input: input ?? null, ...others });
  const told = fields.filter(([name, value]) => !NO_FIELDS.has(name) && value !== null && value !== "");
  const rows = told.map(([name, value]) => {
    const row = make("div");
    fillValue(row, { label: name, value, plain: typeof value !== "object" && !PAYLOADS.has(name) });
    return row;
  });
  element.replaceChildren(head, when, ...(rows.length ? [make("dl", { class: "values" }, ...rows)] : []));
}

function kindOf(/** @type {HistoryEvent} */ event) {
  if (/Failed|Terminated/.test(`${event.EventType} ${event.OrchestrationStatus}`)) return "bad";
  return event.EventType.endsWith("Completed") ? "good" : "plain";
}

async function due() {
  showDue((await ask(`${API}/due`)).value);
}

async function instances() {
  const round = view.round;
  const query = new URLSearchParams({ top: String(PAGE_SIZE), showInput: "false" });
  if (at("state").value) query.set("runtimeStatus", at("state").value);
  if (at("prefix").value) query.set("instanceIdPrefix", at("prefix").value);
  if (at("since").value && seen.now) {
    query.set("createdTimeFrom", new Date(Date.parse(seen.now) - at("since").value * 1000).toISOString());
  }
  const token = { [TOKEN]: view.tokens[view.tokens.length - 1] };
  const { value, headers } = await ask(`${API}/instances?${query}`, { headers: token });
  if (round === view.round) showList(value, headers.get(TOKEN) ?? "");
}

async function instance() {
  const id = view.id;
  if (id === null) return;
  const paths = [pathOf(id), `${API}/history?${new URLSearchParams({ instanceId: id })}`];
  const [one, events] = await Promise.all(paths.map((path) => ask(path)));
  if (id !== view.id) return;
  showInstance(one.value);
  showTimeline(events.value, one.value.createdTime);
}

/** Run one of the three above; a refusal is told in its own place, silence at the top of the page. */
async function part(/** @type {() => Promise<void>} */ work, /** @type {string} */ place) {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof SilentError) return false;
    if (!(error instanceof RefusedError)) throw error;
    const isGone = place === "instance-told" && error.cause === 404;
    put(at(place), isGone ? "There is no instance of this id, or none that its URL can reach." : error.message);
    if (place === "instance-told") at("chosen").hidden = true;
    return true;
  }
}

async function refresh() {
  const parts = [part(due, "due-told"), part(instances, "list-told"), part(instance, "instance-told")];
  const isStale = (await Promise.all(parts)).includes(false);
  const since = seen.answeredAt ? `What you see is from ${seen.answeredAt}, and may have changed.` : "";
  put(at("stale"), isStale ? `devhost does not answer. ${since}` : "");
  at("stale").hidden = !isStale;
  if (!isStale) seen.answeredAt = new Date().toLocaleTimeString();
}

async function keepUp() {
  if (!document.hidden) await refresh();
  setTimeout(keepUp, REFRESH_EVERY);
}

/** Do *work*, say how it went at *place*, and look again. */
async function act(/** @type {string} */ place, /** @type {string} */ done, /** @type {() => Promise<unknown>} */ work) {
  put(at(place), "…");
  try {
    await work();
    put(at(place), done);
  } catch (error) {
    if (!(error instanceof RefusedError || error instanceof SilentError)) throw error;
    put(at(place), error.message);
  }
  await refresh();
}

/** Move the clock; a long move is asked for again until the host is at rest at its end. */
async function move(/** @type {object} */ wish) {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify(wish);
  const { value } = await ask("/devhost/clock/advance", { method: "POST", headers, body }, MOVE_PATIENCE);
  if (!value.idle) await move({ to: value.target });
}

async function isSure(/** @type {"terminate" | "purge"} */ what) {
  const [question, text, yes] = QUESTIONS[what];
  put(at("sure-heading"), question);
  put(at("sure-text"), text);
  put(at("sure-yes"), yes);
  at("sure").returnValue = "no";
  at("sure").showModal();
  await new Promise((resolve) => at("sure").addEventListener("close", resolve, { once: true }));
  return at("sure").returnValue === "yes";
}

async function control(/** @type {string} */ operation) {
  const path = `${pathOf(String(view.id))}/${operation}?reason=${encodeURIComponent(at("reason").value)}`;
  if (operation === "terminate" && !(await isSure("terminate"))) return;
  await act("told", `Asked to ${operation}.`, () => ask(path, { method: "POST" }));
}

async function raise() {
  const body = at("payload").value.trim() || "null";
  const problem = problemOf(body);
  at("payload").setAttribute("aria-invalid", String(Boolean(problem)));
  put(at("payload-problem"), problem);
  if (problem) return at("payload").focus();
  const path = `${pathOf(String(view.id))}/raiseEvent/${twice(at("event").value)}`;
  const headers = { "Content-Type": "application/json" };
  await act("told", `Raised ${at("event").value}.`, () => ask(path, { method: "POST", headers, body }));
}

function problemOf(/** @type {string} */ body) {
  try {
    JSON.parse(body);
    return "";
  } catch (error) {
    return `This is not JSON; a text needs quotes. ${/** @type {Error} */ (error).message}`;
  }
}

async function purge() {
  const path = pathOf(String(view.id));
  if (!(await isSure("purge"))) return;
  await act("instance-told", "", () => ask(path, { method: "DELETE" }));
  at("instance-heading").focus();
}

function turnTo(/** @type {string[]} */ tokens) {
  view.tokens = tokens;
  view.round += 1;
  return part(instances, "list-told");
}

function choose() {
  if (location.hash && !location.hash.startsWith("#/")) return;
  const before = view.id;
  view.id = idOf(location.hash);
  document.body.classList.toggle("has-chosen", view.id !== null);
  document.title = view.id === null ? "devhost" : `${view.id} - devhost`;
  put(at("instance-heading"), view.id ?? "No instance chosen");
  put(at("instance-told"), view.id === null ? "Choose an instance to see its history." : "Loading the instance…");
  for (const place of ["told", "payload-problem"]) put(at(place), "");
  at("chosen").hidden = true;
  view.all = false;
  markChosen();
  if (view.id !== null) at("instance-heading").focus();
  else if (before !== null) at("instances").focus();
  return part(instance, "instance-told");
}

function idOf(/** @type {string} */ hash) {
  try {
    return decodeURIComponent(hash.slice(2)) || null;
  } catch {
    return null;
  }
}

function listen(/** @type {string} */ id, /** @type {string} */ kind, /** @type {(event: any) => unknown} */ work) {
  at(id).addEventListener(kind, (/** @type {Event} */ event) => {
    event.preventDefault();
    work(event);
  });
}

listen("advance", "submit", () => {
  const by = at("unit").value.replace("#", at("amount").value);
  return act("time-told", "The clock was moved.", () => move({ by }));
});
listen("to-next", "click", () => act("time-told", "The clock was moved.", () => move({ to: seen.next })));
listen("filter", "submit", () => turnTo([""]));
listen("filter", "input", () => turnTo([""]));
listen("previous", "click", () => turnTo(view.tokens.slice(0, -1)));
listen("following", "click", () => turnTo([...view.tokens, view.following]));
listen("raise", "submit", raise);
listen("control", "click", (event) => event.target.value && event.target.id !== "reason" && control(event.target.value));
listen("purge", "click", purge);
listen("show-all", "click", () => {
  view.all = true;
  return part(instance, "instance-told");
});
addEventListener("hashchange", choose);
document.addEventListener("visibilitychange", () => document.hidden || refresh());

choose();
keepUp();
