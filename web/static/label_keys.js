/** Which key gives which label: the same rule as `siam label` in the terminal. */

/** Those that mean something else (n, q, s, u) are left out. */
const KEYS = "123456789abcdefghijklmoprtvwxyz";

/**
 * A key for each label, as far as there are keys: its own where it is a letter or a digit.
 * @param {string[]} labels
 * @param {Map<string, string>} known key to label, from the picture before: a finger has learned them
 * @returns {Map<string, string>}
 */
export function keysOf(labels, known) {
  const learned = new Set(known.values());
  const fresh = labels.filter((label) => !learned.has(label));
  const hasOwn = (/** @type {string} */ label) =>
    label.length === 1 && `${KEYS}0`.includes(label.toLowerCase()) && !known.has(label.toLowerCase());
  const own = new Map(fresh.filter(hasOwn).map((label) => [label.toLowerCase(), label]));
  const taken = new Set(own.values());
  const free = [...KEYS].filter((key) => !known.has(key) && !own.has(key));
  const others = fresh.filter((label) => !taken.has(label)).slice(0, free.length);
  return new Map([...known, ...own, ...others.map((label, place) => /** @type {[string, string]} */ ([free[place], label]))]);
}
