// @ts-check
/** What the page says to a person: for each code of a problem, for each end and its reason. */

/** What each code of a problem means to the person in front of the page. @type {Record<string, string>} */
export const PROBLEMS = {
  body_too_large: "That is too long.",
  expired: "The time is over.",
  forbidden: "This page was opened at an address that is not its own. Open it at the address you were given.",
  idempotency_key_reused: "Something else is under way in this tab. Reload the page.",
  internal_error: "Something went wrong on our side. Try again.",
  invalid_phone_number: "That is no mobile number. Write it with + and the country code, such as +1 202 555 0143.",
  invalid_request: "That cannot be right. Check what you typed.",
  not_configured: "This service is not set up yet.",
  not_found: "This verification is not known any more.",
  not_ready: "The SMS is not out yet. Wait a moment.",
  rate_limited: "Too many requests.",
  resends_exhausted: "The code is not sent again. Cancel and start anew.",
  sms_unavailable: "No SMS can be sent just now.",
  storage_unavailable: "The service does not answer just now.",
  unauthorized: "This page needs its cookie. Allow cookies for this site and try again.",
  unsupported_destination: "Numbers of this country or kind get no SMS from us.",
  unsupported_media_type: "Something is wrong with this page. Reload it.",
  verification_closed: "No more codes are taken.",
};
/** How a verification ended: a heading, and a sentence for each reason. @type {Record<string, [string, Record<string, string>]>} */
export const ENDS = {
  verified: ["Your phone is verified", { "": "You can close this page." }],
  expired: ["The time is over", { "": "Start again to get a new code." }],
  canceled: ["Canceled", { "": "The code from the SMS is worth nothing now." }],
  gone: ["This verification is over", { "": "Start again to get a new code." }],
  failed: ["Not verified", {
    "": "Start again to get a new code.",
    attempts_exhausted: "No attempt was the right code. Start again to get a new one.",
    code_mismatch: "That was not the code. Start again to get a new one.",
    delivery_failed: "The SMS could not be delivered. Check the number, or try another one.",
    rate_limited: "Too many messages were sent. Try again later.",
    storage_unavailable: "The service did not answer. Try again in a few minutes.",
  }],
};
/** Why a code was not sent again. @type {Record<string, string>} */
export const UNSENT = {
  delivery_failed: "The code could not be sent again. The first SMS still counts.",
  rate_limited: "The code was not sent again: too many messages. The first SMS still counts.",
  storage_unavailable: "The code was not sent again: the service did not answer. The first SMS still counts.",
};

export function inWords(/** @type {number} */ seconds) {
  const [count, unit] = seconds < 100 ? [seconds, "second"] : seconds < 6000 ? [Math.ceil(seconds / 60), "minute"]
    : seconds < 172_800 ? [Math.ceil(seconds / 3600), "hour"] : [Math.ceil(seconds / 86_400), "day"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

export function attemptsLeft(/** @type {number} */ left) {
  return left === 1 ? "One attempt is left." : `${left} attempts are left.`;
}
