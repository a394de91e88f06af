// @ts-check
/** Deciding: what is asked of the app so that a case changes. */

import { API, ask, RefusedError } from "./asking.js";

/** @typedef {import("./views.js").Case} Case */

const SERVER_ERRORS = 500;

/** Keys of decisions that were not answered yet: sent again, they are the same decisions. @type {Map<string, string>} */
const keys = new Map();

export function forgetKeys() {
  keys.clear();
}

/** Decide a case as it stands on the page, and return it as it was decided. @returns {Promise<Case>} */
export async function decide(/** @type {Case} */ one, /** @type {string} */ what, /** @type {string} */ comment) {
  const name = `${one.id} ${what}`;
  const key = keys.get(name) ?? freshKey();
  keys.set(name, key);
  try {
    const headers = { "Content-Type": "application/json", "If-Match": `"${one.version}"`, "Idempotency-Key": key };
    const decided = await ask(`${API}/${one.id}/${what}`, { method: "POST", headers, body: JSON.stringify({ comment }) });
    keys.delete(name);
    return decided;
  } catch (error) {
    if (error instanceof RefusedError && error.status < SERVER_ERRORS) keys.delete(name);
    throw error;
  }
}

/** Have a failed payment tried again, and return what there is to say about that. */
export async function retry(/** @type {Case} */ one) {
  const { retry: number } = await ask(`${API}/${one.id}/retry-refund`, { method: "POST" });
  return `The payment is being tried again (retry ${number}).`;
}

function freshKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
