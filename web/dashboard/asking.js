// @ts-check
/** Asking: what is asked of the app and of the platform's sign-in, with what may come of it, and the app's time. */

import { refusal } from "./words.js";

export const API = "/api/cases";

const PATIENCE = 15_000; // milliseconds for one answer
const SUBJECTS = [
  ["http://schemas.microsoft.com/identity/claims/objectidentifier", "oid"],
  ["sub", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"],
];
const ROLES = ["roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"];

/** Who looks: what the platform's sign-in says, if it answers; without roles where it does not say. */
export const me = { subject: "", name: "", roles: /** @type {string[] | null} */ (null), isAnswered: true };

/** By how much the app's clock is ahead of the reader's. */
let ahead = 0;

/** The app said no. */
export class RefusedError extends Error {
  constructor(/** @type {number} */ status, /** @type {any} */ problem) {
    super(refusal(problem, status, me.subject));
    this.status = status;
  }
}
/** The app said nothing. */
export class SilentError extends Error {}

export function now() {
  return Date.now() + ahead;
}

/** Ask, and return the value of the answer; throw what is no success. @returns {Promise<any>} */
export async function ask(/** @type {string} */ path, /** @type {RequestInit} */ options = {}) {
  const { response, value } = await answerTo(path, {
    cache: "no-store",
    redirect: "manual", // to be sent to a page that signs people in is to be told to sign in
    signal: AbortSignal.timeout(PATIENCE),
    ...options,
  });
  const sentAt = Date.parse(response.headers.get("Date") ?? "");
  if (sentAt) ahead = sentAt - Date.now();
  if (response.ok) return value;
  throw new RefusedError(response.type === "opaqueredirect" ? 401 : response.status, value);
}

async function answerTo(/** @type {string} */ path, /** @type {RequestInit} */ options) {
  try {
    const response = await fetch(path, options);
    return { response, value: read(await response.text()) };
  } catch (error) {
    throw new SilentError("The app does not answer.", { cause: error });
  }
}

function read(/** @type {string} */ text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Ask the platform who is signed in, and return whether that is somebody else than before. */
export async function meet() {
  const before = me.subject;
  try {
    Object.assign(me, personIn(await ask("/.auth/me")), { isAnswered: true });
  } catch (error) {
    if (!(error instanceof RefusedError) || error.status === 401) throw error;
    Object.assign(me, personIn(null), { isAnswered: false }); // then the app's own answers have to do
  }
  return before !== "" && before !== me.subject;
}

function personIn(/** @type {any} */ told) {
  const [person] = Array.isArray(told) ? told : [];
  if (!person) return { subject: "", name: "", roles: null };
  /** @type {{typ: string, val: string}[]} */
  const claims = person.user_claims ?? [];
  const valuesOf = (/** @type {string[]} */ kinds) =>
    claims.filter((claim) => kinds.includes(claim.typ)).map((claim) => claim.val);
  const name = valuesOf(["name"])[0] ?? person.user_id;
  return { subject: SUBJECTS.flatMap(valuesOf)[0] ?? "", name, roles: valuesOf(ROLES) };
}
