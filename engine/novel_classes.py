"""How well a run tells apart classes that it was never trained on, beside those that it was.

Both kinds are measured alike. Each picture is searched in one gallery that holds training
pictures of the trained classes and half of the pictures of the held-out ones, so that a new
class has to stand up to all the old ones: what happens when it is added to an index.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from siam.datasets.sampling import sample_pairs
from siam.datasets.splits import split_off
from siam.errors import UsageError
from siam.evaluation.distances import Embedded, pair_distances
from siam.evaluation.episodes import draw_trials, score_trials
from siam.evaluation.intervals import lay_out, wilson
from siam.evaluation.pairs import score_pairs
from siam.progress import Progress, silent
from siam.unit_vectors import exact_neighbours

__all__ = ["compare_unseen"]

PAIRS = 20_000
TRIALS = 1_000
# The most ways that both kinds of classes allow are scored, with one picture shown of each.
WAYS = (20, 10, 5, 2)


def compare_unseen(
    seen: Embedded,
    unseen: Embedded,
    gallery: Embedded,
    *,
    threshold: float,
    groups: Sequence[str] = (),
    seed: int = 0,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Score trained and held-out classes side by side: Recall@1, pair accuracy, N-way one-shot.

    Args:
        seen: test pictures of trained classes.
        unseen: every picture of the held-out classes, which have labels of their own.
        gallery: training pictures of the trained classes.
        threshold: distance up to which a pair counts as "same", chosen on validation pictures.
        groups: a group name for every label, trained or held out; adds one-shot within a group.
        seed: of the pairs, the trials and the half of `unseen` that joins the gallery.
        progress: told of pictures searched.

    Returns:
        "gallery_count", "seen" and "unseen"; each of the two with "classes", "pictures",
        "recall@1", "pair_accuracy", "eer", their "_ci95", and "one_shot" as in
        `siam evaluate --json`.
        Fractions 0 to 1; null where a kind has too few classes or pictures.

    Example:
        >>> rows = np.repeat(np.eye(4, dtype=np.float32), 4, axis=0)
        >>> labels = np.repeat([0, 1, 2, 3], 4)
        >>> old, new = Embedded(rows[:8], labels[:8]), Embedded(rows[8:], labels[8:])
        >>> compare_unseen(old, new, old, threshold=0.5)["unseen"]["recall@1"]
        1.0
    """
    asked, added = split_off(unseen.labels, len(unseen.labels) // 2, seed=seed)
    shown = Embedded(
        np.concatenate([gallery.embeddings, unseen.embeddings[added]]),
        np.concatenate([gallery.labels, unseen.labels[added]]),
    )
    fresh = Embedded(unseen.embeddings[asked], unseen.labels[asked])
    figures: dict[str, Any] = {"gallery_count": len(shown.labels)}
    for name, queries, whole in (("seen", seen, seen), ("unseen", fresh, unseen)):
        figures[name] = {
            "classes": len(np.unique(whole.labels)),
            "pictures": len(whole.labels),
            **_recall(queries, shown, progress),
            **_pair_accuracy(whole, threshold, seed),
        }
    for name, scores in zip(("seen", "unseen"), _one_shot(seen, unseen, groups, seed), strict=True):
        figures[name]["one_shot"] = scores
    return figures


def _recall(queries: Embedded, gallery: Embedded, progress: Progress) -> dict[str, Any]:
    """Score the queries whose class the gallery holds."""
    judged = np.isin(queries.labels, gallery.labels)
    count = int(judged.sum())
    if count == 0:
        return {"recall@1": None, "recall@1_ci95": None}
    found = exact_neighbours(queries.embeddings[judged], gallery.embeddings, 1, progress=progress)
    hits = int((gallery.labels[found.positions[:, 0]] == queries.labels[judged]).sum())
    return {"recall@1": hits / count, "recall@1_ci95": list(wilson(hits, count))}


def _pair_accuracy(pictures: Embedded, threshold: float, seed: int) -> dict[str, Any]:
    sizes = np.unique(pictures.labels, return_counts=True)[1]
    if len(sizes) < 2 or sizes.max() < 2:
        return dict.fromkeys(("pair_accuracy", "pair_accuracy_ci95", "eer", "eer_ci95"))
    left, right, same = sample_pairs(pictures.labels, PAIRS, seed=seed)
    distances = pair_distances(pictures.embeddings, left, right)
    scores = score_pairs(distances, same, left, right, threshold=threshold, seed=seed)
    return lay_out({"pair_accuracy": scores.figures["accuracy"], "eer": scores.figures["eer"]})


def _one_shot(
    seen: Embedded, unseen: Embedded, groups: Sequence[str], seed: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Score both kinds with equally many ways, so that the figures may be compared."""
    scores: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
    for protocol, names in (("all classes", ()), ("within group", tuple(groups))):
        if protocol == "within group" and not any(names):
            continue
        for ways in WAYS:
            try:
                trials = [
                    draw_trials(
                        kind.labels, ways=ways, shots=1, trials=TRIALS, seed=seed, groups=names
                    )
                    for kind in (seen, unseen)
                ]
            except UsageError:
                continue
            for kind, drawn, into in zip((seen, unseen), trials, scores, strict=True):
                told = score_trials(kind.embeddings, drawn, seed=seed)
                into.append(told.to_dict(protocol, ways, shots=1))
            break
    return scores
