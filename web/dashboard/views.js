// @ts-check
/** Views: a case as it is listed, as it is shown, and what happened to it. */

import { me, now } from "./asking.js";
import { fact, isolated, list, make, put } from "./elements.js";
import * as words from "./words.js";

/** @typedef {{id: string, status: string, orderId: string, customerId: string, action: string, amount: number,
 *   currency: string, description: string, route: string, createdAt: string, dueAt: string | null,
 *   routeDueAt: string | null, version: number, resolution: words.Resolution | null}} Case */
/** @typedef {{at: string, who: string, what: string, route: string | null, detail: string | null}} Happening */

const URGENT = 24 * 3600_000; // milliseconds

export function titleOf(/** @type {Case} */ one) {
  return `${words.action(one.action)} ${one.action === "refund" ? "of" : "over"} ${words.money(one.amount, one.currency)}`;
}

/** Fill a card of the list; its link stays the same element, so that it keeps the focus. */
export function fillCard(/** @type {HTMLElement} */ card, /** @type {Case} */ one) {
  if (!card.firstElementChild) {
    const link = make("a", { href: `#/cases/${one.id}` }, titleOf(one));
    card.append(make("h3", {}, link), make("p", { class: "said", dir: "auto" }, one.description), make("dl"));
  }
  const last = one.resolution
    ? [fact("Status", stateOf(one)), fact("Decided", isolated(words.verdict(one.resolution, me.subject)))]
    : [fact("Time left", timeLeft(one.dueAt))];
  card.querySelector("dl")?.replaceChildren(
    fact("Customer", isolated(one.customerId)), fact("Order", isolated(one.orderId)), fact("Filed", time(one.createdAt)),
    ...last, fact("Case", make("code", {}, one.id)));
}

export function fillFacts(/** @type {HTMLElement} */ facts, /** @type {Case} */ one) {
  const isOpen = one.status === "pending_approval";
  facts.replaceChildren(
    fact("Status", stateOf(one)),
    fact("Customer", isolated(one.customerId)),
    fact("Order", isolated(one.orderId)),
    fact("Action", words.action(one.action)),
    fact("Amount", words.money(one.amount, one.currency)),
    fact("Filed", time(one.createdAt)),
    ...isOpen ? [fact("Time left", timeLeft(one.dueAt)), fact("Lies with", deskOf(one))] : [],
    fact("Case", make("code", {}, one.id)));
}

function deskOf(/** @type {Case} */ one) {
  if (!one.routeDueAt) return one.route;
  const end = one.routeDueAt === one.dueAt ? "then it is rejected" : "then it is handed over";
  return make("span", {}, `${one.route}, for `, timeLeft(one.routeDueAt), ` more; ${end}`);
}

export function fillVerdict(/** @type {HTMLElement} */ place, /** @type {Case} */ one) {
  const said = one.resolution;
  place.hidden = said === null;
  place.replaceChildren();
  if (!said) return;
  place.append(isolated(words.verdict(said, me.subject)), said.route ? ` (route ${said.route})` : "");
  if (said.comment) place.append(make("q", { dir: "auto" }, said.comment));
}

export function showTrail(/** @type {HTMLElement} */ place, /** @type {Happening[]} */ entries) {
  const rows = entries.map((entry, number) => ({ ...entry, number }));
  list(place, rows, (row) => String(row.number), (element, row) => {
    const who = make("p", { class: "hint" }, time(row.at), " by ", isolated(row.who === me.subject ? "you" : row.who));
    const detail = row.detail ? [make("p", { class: "detail", dir: "auto" }, row.detail)] : [];
    element.replaceChildren(make("p", {}, make("strong", {}, words.happening(row))), who, ...detail);
  });
}

/** Say how much time is left, by the clock of the app: the reader's own may be wrong. */
export function tick() {
  for (const element of document.querySelectorAll("[data-due]")) {
    const left = Date.parse(/** @type {HTMLElement} */ (element).dataset.due ?? "") - now();
    put(element, words.span(left));
    element.classList.toggle("urgent", left < URGENT);
  }
}

function stateOf(/** @type {Case} */ one) {
  return make("span", { class: "state", "data-state": one.status }, words.status(one.status));
}

function time(/** @type {string} */ stamp) {
  return make("time", { datetime: stamp }, words.instant(stamp));
}

function timeLeft(/** @type {string | null} */ stamp) {
  return stamp ? make("span", { "data-due": stamp }) : "being opened";
}
