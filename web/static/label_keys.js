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
  const kept = new Map([...known].filter(([, label]) => labels.includes(label)));
  const taken = new Set(kept.values());
  const fresh = labels.filter((label) => !taken.has(label));
  const isOwn = (/** @type {string} */ label) => `${KEYS}0`.includes(label.toLowerCase()) && label.length === 1;
  for (const label of fresh.filter(isOwn)) {
    if (!kept.has(label.toLowerCase())) kept.set(label.toLowerCase(), label);
  }
  const free = [...KEYS].filter((key) => !kept.has(key));
  const named = new Set(kept.values());
  for (const label of fresh.filter((one) => !named.has(one))) {
    const key = free.shift();
    if (key) kept.set(key, label);
  }
  return kept;
}
