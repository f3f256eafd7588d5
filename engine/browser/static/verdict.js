/** What the gallery says about an embedding: siam's votes and verdicts (siam.evaluation), in short. */

const SOFTENING = 0.05, CLOSEST = 5, SURE = 0.9;
const MOST_PROBABLE = { match: 1, unsure: SURE - 0.01, "no match": 0.5 };

/**
 * Decide about one embedding.
 * @param {Float32Array} embedding
 * @param {{vectors: Float32Array, labels: number[], calibration: object}} run
 * @returns {{verdict: string, label: number, probability: number, near: {item: number, distance: number}[]}}
 */
export function decide(embedding, { vectors, labels, calibration }) {
  const near = labels.map((_, item) => ({ item, distance: distanceTo(embedding, vectors, item) }));
  near.sort((one, other) => one.distance - other.distance);
  const votes = countVotes(near.slice(0, calibration.neighbours), labels);
  const limits = calibration;
  let probability = labelProbability(votes, calibration.label_weights);
  let verdict = "match";
  if (votes.nearest > limits.threshold || votes.closeness > limits.unfamiliar) {
    verdict = "no match";
    probability = Math.min(probability, interpolate(votes.closeness, limits.distances, limits.probabilities));
  } else if (probability < SURE || votes.closeness > limits.familiar) {
    verdict = "unsure";
  }
  return { verdict, label: votes.label, probability: Math.min(probability, MOST_PROBABLE[verdict]), near };
}

function distanceTo(embedding, vectors, item) {
  let square = 0;
  for (let place = 0, at = item * embedding.length; place < embedding.length; place++, at++) {
    square += (embedding[place] - vectors[at]) ** 2;
  }
  return Math.sqrt(square);
}

/** Nearer neighbours weigh more; of labels alike the nearest's wins. */
function countVotes(near, labels) {
  const weights = near.map(({ distance }) => 1 / (distance + SOFTENING) ** 2);
  const support = new Map();
  near.forEach(({ item }, place) => support.set(labels[item], (support.get(labels[item]) ?? 0) + weights[place]));
  const label = [...support].reduce((best, one) => (one[1] > best[1] ? one : best))[0];
  const own = near.filter(({ item }) => labels[item] === label).slice(0, CLOSEST);
  return {
    label,
    share: support.get(label) / weights.reduce((sum, one) => sum + one, 0),
    nearest: own[0].distance,
    closeness: own.reduce((sum, { distance }) => sum + distance, 0) / own.length,
  };
}

function labelProbability({ share, closeness }, [constant, ofShare, ofCloseness]) {
  const score = constant + ofShare * share + ofCloseness * closeness;
  return 1 / (1 + Math.exp(-Math.min(Math.max(score, -30), 30)));
}

/** Along straight lines between knots; beyond the ends, the ends' values. */
function interpolate(x, knots, values) {
  if (x <= knots[0]) return values[0];
  for (let place = 1; place < knots.length; place++) {
    if (x < knots[place]) {
      const part = (x - knots[place - 1]) / (knots[place] - knots[place - 1]);
      return values[place - 1] + part * (values[place] - values[place - 1]);
    }
  }
  return values[values.length - 1];
}
