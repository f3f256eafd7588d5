/**
 * What another false accept rate makes of an answer that is there already, without asking again.
 * It is never surer than the server would be: what the server did not measure stays unsure.
 */

/** A label less probable than this is not called a match (evaluation/verdict.py). */
const SURE = 0.9;
/** The most probable that "unsure" and "no match" may be (evaluation/verdict.py). */
const MOST_PROBABLE = { unsure: SURE - 0.01, "no match": 0.5 };

/** @typedef {{verdict: string, label: string|null, probability: number, reason: string,
 *   neighbours: {id: number, label: string|null, distance: number, key: string}[], notes?: string[]}} Answer */
/** @typedef {{verdict: string, distance: number, probability: number, threshold: number, reason: string,
 *   notes: {left: string[], right: string[]}}} PairAnswer */

/**
 * Judge a query's answer by another limit.
 * @param {Answer} answer as the server gave it
 * @param {number} asked the largest distance that the server let through, 0 to 2
 * @param {number} limit the largest to let through now
 * @returns {Answer}
 */
export function judgeAnswer(answer, asked, limit) {
  const own = answer.neighbours.filter((one) => one.label === answer.label);
  if (limit === asked || !answer.label || !own.length) return answer;
  const nearest = Math.min(...own.map((one) => one.distance));
  if (nearest > limit) {
    const probability = Math.min(answer.probability, MOST_PROBABLE["no match"]);
    const reason = `the nearest, ${answer.label} at ${nearest.toFixed(3)}, lies farther than ${limit.toFixed(3)}`;
    return { ...answer, verdict: "no match", probability, reason };
  }
  if (nearest <= asked) return answer; // what decided it was not the limit
  const reason = `nearest ${answer.label} at ${nearest.toFixed(3)}, within ${limit.toFixed(3)}`;
  return { ...answer, verdict: "unsure", reason };
}

/**
 * Judge two pictures by another limit.
 * @param {PairAnswer} answer as the server gave it
 * @param {number} limit the largest distance to let through now
 * @returns {PairAnswer}
 */
export function judgePair(answer, limit) {
  const { distance, probability, threshold } = answer;
  if (limit === threshold) return answer;
  const measured = `${distance.toFixed(3)} apart`;
  if (distance > limit) {
    return { ...answer, verdict: "different", reason: `${measured}, farther than ${limit.toFixed(3)}` };
  }
  if (distance <= threshold) return { ...answer, reason: said(answer, `${measured}, ${limit.toFixed(3)} at most`) };
  const doubts = [...answer.notes.left, ...answer.notes.right];
  if (probability >= SURE && !doubts.length) {
    return { ...answer, verdict: "same", reason: `${measured}, ${limit.toFixed(3)} at most` };
  }
  const share = `${(100 * probability).toFixed(1)}%`;
  const reason = doubts.length ? doubts.join("; ") : `${measured}: the same with ${share}, sure from 90%`;
  return { ...answer, verdict: "unsure", reason };
}

/**
 * @param {PairAnswer} answer
 * @param {string} reason where it is a match; another verdict keeps its own
 */
const said = (answer, reason) => (answer.verdict === "same" ? reason : answer.reason);
