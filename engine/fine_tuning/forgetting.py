"""What a training that went on has forgotten: the base's test pictures, asked before and after.

A. Chaudhry et al., "Riemannian Walk for Incremental Learning: Understanding Forgetting and
Intransigence", ECCV 2018. Here of the whole run, its index and threshold included: what a person
who asks it would notice.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from siam.array_types import Booleans, Labels
from siam.datasets.dataset import Split
from siam.datasets.sampling import sample_pairs
from siam.engine.calibrate import TRAINED_ON
from siam.engine.fine_tuning.base import Base
from siam.engine.index.gallery_check import are_copies
from siam.engine.open_run import OpenRun, open_run
from siam.evaluation.distances import pair_distances
from siam.evaluation.measure import PAIRS
from siam.progress import Progress
from siam.runs.chosen_store import OWN
from siam.runs.held_out import load_held_out
from siam.unit_vectors import nearest_rows

__all__ = ["measure_forgetting"]


def measure_forgetting(base: Base, run: OpenRun, progress: Progress) -> dict[str, Any]:
    """Ask the base and the run that went on from it about the base's test pictures.

    Args:
        base: as it was.
        run: as it is now, its index filled and its threshold chosen.
        progress: told of the work.

    Returns:
        What `metrics.json` holds under "base": the base's name, how many test pictures, Recall@1
        (None where no label is left) and pair accuracy before and after, labels that are new and
        that are gone, and all that in words.
    """
    progress("Asking about the old test pictures", 0, 0)
    _, test = load_held_out(base.path, classes=len(base.config.classes))
    names = np.array(base.config.classes, dtype=object)[test.labels]
    was, now = dict.fromkeys(base.config.classes), dict.fromkeys(run.config.classes)
    kept = np.array([name in now for name in names], bool)
    seed = base.config.train.seed
    with open_run(str(base.path), store=OWN) as old:
        before = ask(old, test, names, kept, seed)
    after = ask(run, test, names, kept, seed)
    figures: dict[str, Any] = {
        "run": base.name,
        "test_pictures": len(test),
        "recall@1": {"before": before[0], "after": after[0]},
        "pair_accuracy": {"before": before[1], "after": after[1]},
        "labels_added": [name for name in now if name not in was],
        "labels_gone": [name for name in was if name not in now],
    }
    return {**figures, "words": describe(figures)}


def ask(
    run: OpenRun, test: Split, names: Labels, kept: Booleans, seed: int
) -> tuple[float | None, float]:
    """Return Recall@1 of those test pictures that are `kept`, and the accuracy of their pairs."""
    ids = run.gallery.select(TRAINED_ON)
    ids = ids[~are_copies(run.gallery, ids, test.pictures)]
    vectors = run.encoder.encode(test.pictures)
    recall = None
    if kept.any() and len(ids):
        nearest = nearest_rows(vectors[kept], run.gallery.vectors_of(ids), 1)[:, 0]
        recall = float(np.mean(run.gallery.labels_of(ids)[nearest] == names[kept]))
    left, right, same = sample_pairs(test.labels, PAIRS, seed=seed)
    near = pair_distances(vectors, left, right) <= run.calibration.pick_threshold(None, None)
    return recall, float(np.mean(near == (same == 1)))


def describe(figures: dict[str, Any]) -> str:
    """Say in a sentence what has changed on the old test pictures."""
    told = []
    for key, words in (
        ("recall@1", "find their own class first"),
        ("pair_accuracy", "of pairs are judged rightly"),
    ):
        before, after = figures[key]["before"], figures[key]["after"]
        if before is not None and after is not None:
            told.append(f"{after:.2%} {words}, {before:.2%} before")
    gone = len(figures["labels_gone"])
    rest = f" Of its labels {gone:,} {'is' if gone == 1 else 'are'} gone." if gone else ""
    return (
        f"Of the {figures['test_pictures']:,} test pictures of '{figures['run']}' "
        f"{'; '.join(told)}.{rest}"
    )
