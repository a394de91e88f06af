// @ts-check
/** Words: how money, times, decisions and refusals are told to people. */

/** @typedef {{decision: "approved" | "rejected", kind: string, by: string | null, at: string | null,
 *   route: string | null, comment: string | null}} Resolution */

/** ISO 4217: what has other than two digits behind the point. */
const DIGITS = new Map([
  ..."BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(" ").map((code) => pair(code, 0)),
  ..."BHD IQD JOD KWD LYD OMR TND".split(" ").map((code) => pair(code, 3)),
]);
const STATUSES = {
  pending_approval: "Pending",
  approved: "Approved",
  completed: "Completed",
  rejected: "Rejected",
  refund_failed: "Refund failed",
};
const KINDS = {
  operator: "by an operator",
  timeout: "as nobody decided in time",
  lapsed: "as too little was left of the order when it was opened",
  malformed: "as it was no proper case",
};
const HAPPENINGS = {
  opened: "Filed",
  handed_over: "Handed over",
  approved: "Approved",
  rejected: "Rejected",
  completed: "Completed",
  refund_failed: "Refund failed",
  retry_asked: "New try of the payment asked for",
  customer_told: "Customer told",
};
const REFUSALS = {
  unauthorized: "You are no longer signed in.",
  forbidden: "You may not do this.",
  self_approval: "You filed this case, so somebody else has to decide it.",
  stale_version: "The case has changed since you looked at it. Look at it again, then decide.",
  not_retryable: "There is no failed payment to be tried again.",
  storage_unavailable: "The app cannot reach its storage. Try again in a moment.",
  not_configured: "The app is not set up for this; its log says what is missing.",
};

/** @returns {[string, number]} */
function pair(/** @type {string} */ code, /** @type {number} */ digits) {
  return [code, digits];
}

export function money(/** @type {number} */ amount, /** @type {string} */ currency) {
  const digits = DIGITS.get(currency) ?? 2;
  const format = new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${format.format(amount / 10 ** digits)} ${currency}`;
}

export function instant(/** @type {string} */ stamp) {
  const [day, time] = stamp.split("T");
  return `${day} ${time.slice(0, 5)} UTC`;
}

/** How long it is to an instant: 6 d 23 h, 5 h 12 min, 12 min. */
export function span(/** @type {number} */ milliseconds) {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return milliseconds > 0 ? "less than a minute" : "none";
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export function action(/** @type {string} */ name) {
  return name === "refund" ? "Refund" : "Escalation";
}

export function status(/** @type {string} */ name) {
  return STATUSES[name] ?? name;
}

/** Who decided what, and when. */
export function verdict(/** @type {Resolution} */ one, /** @type {string} */ me) {
  const what = one.decision === "approved" ? "Approved" : "Rejected";
  const who = KINDS[one.kind] ?? (one.by === me ? "by you" : `by ${one.by}`);
  return `${what} ${who}${one.at ? `, ${instant(one.at)}` : ""}`;
}

/** What happened, by the word of the audit trail, and the route where it says more. */
export function happening(/** @type {{what: string, route: string | null}} */ entry) {
  const words = HAPPENINGS[entry.what] ?? entry.what;
  return entry.what === "handed_over" ? `${words} to ${entry.route}` : words;
}

/** Why something was refused; what has no words of ours is told in those of the app. */
export function refusal(/** @type {any} */ problem, /** @type {number} */ httpStatus, /** @type {string} */ me) {
  if (problem?.code === "already_decided") return `This was decided before: ${verdict(problem.decision, me)}.`;
  const words = REFUSALS[problem?.code] ?? problem?.title ?? `The app answered ${httpStatus}.`;
  return problem?.code === "forbidden" && problem.detail ? `${words} (${problem.detail})` : words;
}
