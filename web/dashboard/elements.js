// @ts-check
/**
 * Elements: small helpers that put values into the page as text, never as markup, and leave an element alone while what
 * it shows does not change, so that neither the focus nor what somebody marks or types is lost.
 */

/** The row that an element was filled with. @type {WeakMap<Element, string>} */
const filled = new WeakMap();

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

/** Empty *element*, and forget what it was filled with. */
export function clear(/** @type {Element} */ element) {
  filled.delete(element);
  element.replaceChildren();
}

/** A term and what there is to say about it. */
export function fact(/** @type {string} */ term, /** @type {Node | string} */ value) {
  return make("div", {}, make("dt", {}, term), make("dd", {}, value));
}

/** A text by others, whose direction of writing stays its own affair. */
export function isolated(/** @type {string} */ text) {
  return make("bdi", {}, text);
}

/**
 * Let *container* have one child for each of *rows*; a child is filled again only if its row changed.
 * @template T
 */
export function list(/** @type {Element} */ container, /** @type {T[]} */ rows, /** @type {(row: T) => string} */ keyOf,
  /** @type {(element: HTMLElement, row: T) => void} */ fill) {
  const old = new Map([...container.children].map((child) => [child.getAttribute("data-key"), child]));
  const wanted = new Map(rows.map((row) => [keyOf(row), row]));
  for (const [key, child] of old) if (!wanted.has(String(key))) child.remove();
  [...wanted].forEach(([key, row], number) => {
    const child = /** @type {HTMLElement} */ (old.get(key) ?? make("li", { "data-key": key }));
    if (container.children[number] !== child) container.insertBefore(child, container.children[number] ?? null);
    fillOnce(child, row, fill);
  });
}

/**
 * Fill *element* unless it was filled with the same *row* before.
 * @template T
 */
export function fillOnce(/** @type {HTMLElement} */ element, /** @type {T} */ row,
  /** @type {(element: HTMLElement, row: T) => void} */ fill) {
  const print = JSON.stringify(row);
  if (filled.get(element) === print) return;
  filled.set(element, print);
  fill(element, row);
}
