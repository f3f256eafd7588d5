"""What a comparison says in plain sentences: when to take a classifier, when the Siamese network.

A difference counts only where it is more than chance: judged picture by picture (McNemar 1947) at
the 5 % level.
"""

from __future__ import annotations

from collections.abc import Sequence

from siam.engine.comparison import Contestant
from siam.engine.contestants import SIAMESE
from siam.evaluation.compare import compare_pictures

__all__ = ["verdict"]


def verdict(
    contestants: Sequence[Contestant], unseen_classes: Sequence[str], *, seed: int
) -> tuple[str, ...]:
    """Say which contestant to take for what.

    Args:
        contestants: those that were trained.
        unseen_classes: names of the classes held out.
        seed: of the tests.
    """
    siamese = next((one for one in contestants if one.name == SIAMESE), None)
    baselines = [one for one in contestants if one.name != SIAMESE]
    if siamese is None or not baselines:
        return ("There is nothing to decide: train a classifier and the Siamese network.",)
    best = max(baselines, key=lambda one: one.scores.seen["accuracy"][0])
    sentences = [on_known_classes(best, siamese, seed)]
    if siamese.scores.unseen and best.scores.unseen:
        sentences.append(on_new_classes(best, siamese, unseen_classes, seed))
    else:
        sentences.append(
            "New classes were not tried: --holdout-classes keeps some out of the training."
        )
    sentences.append(
        "A classifier is the better choice when the classes are fixed and each has many pictures: "
        "it needs no gallery and says a probability by itself."
    )
    sentences.append(
        "The Siamese network is the better choice when classes come and go, when some have a "
        "picture or two, or when the question is 'are these two the same?': a new class is added "
        "by showing it, without training."
    )
    return tuple(sentences)


def on_known_classes(best: Contestant, siamese: Contestant, seed: int) -> str:
    """Compare the names given to test pictures of the classes trained on."""
    found = compare_pictures(best.scores.named, siamese.scores.named, seed=seed)
    figures = f"{best.name} {found.first:.2%}, Siamese {found.second:.2%} of the labels right"
    if not found.significant:
        return f"On the classes trained on neither is better: {figures} (p = {found.p_value:.2g})."
    better = "the classifier" if found.difference > 0 else "the Siamese network"
    return f"On the classes trained on {better} is better: {figures} (p = {found.p_value:.2g})."


def on_new_classes(
    best: Contestant, siamese: Contestant, unseen_classes: Sequence[str], seed: int
) -> str:
    """Compare what both make of classes that neither was trained on."""
    found = compare_pictures(best.scores.found, siamese.scores.found, seed=seed)
    names = ", ".join(unseen_classes[:5]) + (" ..." if len(unseen_classes) > 5 else "")
    figures = (
        f"{best.name} finds {found.first:.2%} by its features, Siamese {found.second:.2%} "
        "by its embeddings"
    )
    start = f"Of the new classes ({names}) a classifier can name none; shown without training, "
    if not found.significant:
        return f"{start}{figures}: no clear difference (p = {found.p_value:.2g})."
    better = "the Siamese embeddings" if found.difference < 0 else "the classifier's features"
    return f"{start}{figures}: {better} carry over better (p = {found.p_value:.2g})."
