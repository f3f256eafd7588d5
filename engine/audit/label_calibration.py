"""How probable it is that a label is wrong, learned from labels that are made wrong on purpose.

The log-odds of trained classes run into hundreds and are no probabilities. So some labels are
flipped, all are judged anew, and the log-odds of the flipped ones, which are surely wrong, are laid
beside those of all: how many of all lie as high as flipped ones do says how many are wrong, and
where (G. Blanchard and others, 2010, "Semi-supervised novelty detection").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from siam.array_types import Booleans, Floats, Integers
from siam.engine.audit.label_quality import LabelQuality
from siam.progress import Progress, silent

__all__ = ["LabelProbabilities", "calibrate_labels", "wrong_share"]

# Of the labels flipped at a time, and how many in all say enough.
SHARE, ENOUGH, MOST_ROUNDS = 0.02, 200, 12
# Of flipped labels that lie above the lines at which the share of wrong ones is estimated.
QUANTILES = np.linspace(0.05, 0.95, 19)
# Standard deviations that a count above a line may be off by.
DEVIATIONS = 1.0
# Pictures of a group that a probability of its own is learned from.
FEWEST = 200


@dataclass(frozen=True)
class LabelProbabilities:
    """What flipped labels say of the given ones.

    Attributes:
        probability: float64 (n,), that the label is wrong, 0 to 1.
        wrong_share: share of all labels that is likely wrong, 0 to 1.
    """

    probability: Floats
    wrong_share: float


def calibrate_labels(
    judge: Callable[[Integers], LabelQuality],
    quality: LabelQuality,
    labels: Integers,
    groups: Booleans,
    *,
    classes: int,
    seed: int,
    progress: Progress = silent,
) -> LabelProbabilities:
    """Say how probable it is that each label is wrong.

    Args:
        judge: judges labels, out of fold; called some times with a few of them flipped.
        quality: what it says of the labels as they were given.
        labels: int64 (n,), as they were given, 0 to classes - 1.
        groups: bool (n,), pictures whose log-odds are another kind's, such as those that the
            network was trained on; each group learns from itself where it is large enough.
        classes: how many there are, 2 or more.
        seed: fixes which labels are flipped.
        progress: told of rounds.
    """
    count = len(labels)
    each = max(1, round(SHARE * count))
    rounds = min(MOST_ROUNDS, -(-ENOUGH // each))
    random = np.random.default_rng(seed)
    flipped: list[Booleans] = []
    log_odds: list[Floats] = []
    for number in range(rounds):
        progress("Calibrating", number, rounds)
        rows = random.choice(count, each, replace=False)
        noisy = labels.copy()
        noisy[rows] = (labels[rows] + random.integers(1, classes, each)) % classes
        log_odds.append(judge(noisy).log_odds)
        flipped.append(np.isin(np.arange(count), rows))
    progress("Calibrating", rounds, rounds)
    known, scores = np.stack(flipped), np.stack(log_odds)
    probability = np.zeros(count)
    split = min(groups.sum(), (~groups).sum()) >= FEWEST
    for group in (groups, ~groups) if split else (np.ones(count, bool),):
        part = scores[:, group]
        probability[group] = probabilities(
            part[known[:, group]], part[~known[:, group]], quality.log_odds[group], rounds
        )
    return LabelProbabilities(probability, float(probability.mean()))


def probabilities(flipped: Floats, others: Floats, log_odds: Floats, rounds: int) -> Floats:
    """Return how probable it is that labels are wrong.

    Above the line at which the share of wrong ones is estimated, none is taken to be right. Below
    it, the densities of flipped labels and of all are compared, by isotonic regression.

    Args:
        flipped: log-odds of labels that are surely wrong.
        others: of labels as they were given.
        log_odds: of the labels that are asked about.
        rounds: times that each label as it was given is there.
    """
    from sklearn.isotonic import IsotonicRegression

    share, line = wrong_share(flipped, others, rounds=rounds)
    count = float((others >= line).sum() / rounds)
    # That none was counted is no proof that there is none.
    share = max(share, 0.5 * rounds / len(others))
    below = [scores[np.isfinite(scores) & (scores < line)] for scores in (flipped, others)]
    weights = (share / len(flipped), 1 / max(1, len(others)))
    probability = np.where(log_odds >= line, (count + 0.5) / (count + 1), 0.0)
    asked = np.isfinite(log_odds) & (log_odds < line)
    if len(below[0]) and len(below[1]) and asked.any():
        sizes = [len(scores) for scores in below]
        curve = IsotonicRegression(out_of_bounds="clip").fit(
            np.concatenate(below),
            np.repeat([1.0, 0.0], sizes),
            sample_weight=np.repeat(weights, sizes),
        )
        # The wrong ones stand in it twice: where all are wrong, a half is told to be.
        told = np.minimum(curve.predict(log_odds[asked]), 0.5)
        probability[asked] = np.minimum(told / (1 - told), (count + 0.5) / (count + 1))
    return probability


def wrong_share(flipped: Floats, others: Floats, *, rounds: int = 1) -> tuple[float, float]:
    """Return the share of labels that is likely wrong, 0 to 1, and the line it was counted above.

    No line can have more of the wrong ones above it than there are labels, so each gives a bound.
    The lowest line, so that most is counted, is the one to go by, as long as its bound is not above
    that of another by more than chance.

    Args:
        flipped: log-odds of labels that are surely wrong.
        others: of labels as they were given, some of which are wrong too.
        rounds: times that each of them is there.

    Example:
        >>> wrong_share(np.full(50, 9.0), np.repeat([-9.0, 9.0], [95, 5]))
        (0.05, 9.0)
    """
    lines = np.quantile(flipped, QUANTILES)
    above = (flipped[:, None] >= lines).mean(axis=0)
    counts = (others[:, None] >= lines).sum(axis=0) / rounds
    chance = DEVIATIONS * np.sqrt(above * (1 - above) / len(flipped))
    most = (counts + DEVIATIONS * np.sqrt(counts + 1)) / np.maximum(above - chance, 1e-9)
    least = (counts - DEVIATIONS * np.sqrt(counts)) / (above + chance)
    best = int(np.flatnonzero(least <= most.min())[0])
    share = counts[best] / (len(others) / rounds * above[best])
    return float(min(1.0, share)), float(lines[best])
