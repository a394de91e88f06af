// @ts-check
/**
 * Elements and texts: values that an app stored as text that a reader understands, in elements that are left alone
 * while nothing changes. Nothing here reads a text as markup.
 */

const SHORT_VALUE = 60; // characters; what is longer gets lines of its own
const LONG_VALUE = 240; // what is longer is opened by a click

/** The row that an element was filled with. @type {WeakMap<Element, string>} */
const filled = new WeakMap();

/** Read JSON; a number that JavaScript would round keeps its digits where the browser can do that. */
export function parse(/** @type {string} */ text) {
  const keep = /** @type {any} */ (JSON).rawJSON;
  return JSON.parse(text, (_, value, /** @type {any} */ context = null) =>
    keep && typeof value === "number" && String(value) !== context.source ? keep(context.source) : value);
}

/** @returns {any} */
export function at(/** @type {string} */ id) {
  return document.getElementById(id);
}

export function put(/** @type {Element} */ element, /** @type {string} */ text) {
  if (element.textContent !== text) element.textContent = text;
}

export function make(/** @type {string} */ tag, /** @type {Record<string, string>} */ attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * Let *container* have one child for each of *rows*; a child is filled again only if its row changed.
 * @template T
 */
export function list(/** @type {Element} */ container, /** @type {T[]} */ rows, /** @type {(row: T) => string} */ keyOf,
  /** @type {string} */ tag, /** @type {(element: Element, row: T) => void} */ fill) {
  const old = new Map([...container.children].map((child) => [String(child.getAttribute("data-key")), child]));
  const wanted = numbered(rows, keyOf);
  const keys = new Set(wanted.map(([key]) => key));
  for (const [key, child] of old) if (!keys.has(key)) child.remove();
  wanted.forEach(([key, row], number) => {
    const child = old.get(key) ?? make(tag, { "data-key": key });
    if (container.children[number] !== child) container.insertBefore(child, container.children[number] ?? null);
    const print = JSON.stringify(row);
    if (filled.get(child) === print) return;
    filled.set(child, print);
    fill(child, row);
  });
}

/**
 * Pair each row with a key that no other row has: its own, and how often it was there before.
 * @template T
 */
function numbered(/** @type {T[]} */ rows, /** @type {(row: T) => string} */ keyOf) {
  const times = new Map();
  return rows.map((row) => {
    const key = keyOf(row);
    times.set(key, (times.get(key) ?? 0) + 1);
    return /** @type {[string, T]} */ ([`${key} ${times.get(key)}`, row]);
  });
}

export function putTime(/** @type {Element} */ element, /** @type {string} */ instant) {
  element.setAttribute("datetime", instant);
  put(element, clock(instant));
}

export function clock(/** @type {string} */ instant, digits = 12) {
  const [day, time] = instant.replace("Z", "").split("T");
  return `${day} ${time.slice(0, digits)} UTC`;
}

/** How long after *start* an instant is: +0.250 s, +2 min 0 s, +7 d 0 h. */
export function after(/** @type {string} */ start, /** @type {string} */ instant) {
  const seconds = (Date.parse(instant) - Date.parse(start)) / 1000;
  if (seconds < 60) return `+${seconds.toFixed(3)} s`;
  if (seconds < 3600) return `+${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(seconds / 3600);
  return hours < 48 ? `+${hours} h ${Math.floor((seconds % 3600) / 60)} min` : `+${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A stored value and what there is to say about it. */
export function told(/** @type {unknown} */ value) {
  if (typeof value !== "string") return { text: JSON.stringify(value, null, 2), note: "" };
  try {
    const inner = parse(value);
    if (inner !== null && typeof inner === "object") return { text: JSON.stringify(inner, null, 2), note: ", JSON in a string" };
  } catch { /* a text like any other */ }
  return { text: value.includes("\n") ? value : JSON.stringify(value), note: "" };
}

export function fillValue(/** @type {Element} */ element, /** @type {{label: string, value: unknown, plain?: boolean}} */ row) {
  const { text, note } = row.plain ? { text: String(row.value), note: "" } : told(row.value);
  element.className = row.plain && text.length <= SHORT_VALUE ? "short" : "";
  const shown = make(element.className ? "code" : "pre", {}, text);
  const summary = make("summary", {}, `show ${text.length.toLocaleString("en")} characters`);
  const value = text.length > LONG_VALUE ? make("details", {}, summary, shown) : shown;
  element.replaceChildren(make("dt", {}, `${row.label}${note}`), make("dd", {}, value));
}
