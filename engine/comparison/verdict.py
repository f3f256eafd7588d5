"""What a comparison says in plain sentences: when to take a classifier, when the Siamese network.

A difference counts only where it is more than chance: judged picture by picture (McNemar 1947) at
the 5 % level.
"""

from __future__ import annotations

from collections.abc import Sequence

from siam.engine.comparison.contestants import SIAMESE
from siam.engine.comparison.figures import Contestant
from siam.evaluation.significance import Difference, compare_pictures

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
    on_known = compare_pictures(best.scores.label_correct, siamese.scores.label_correct, seed=seed)
    sentences = [on_known_classes(best.name, on_known)]
    on_new = None
    if siamese.scores.unseen and best.scores.unseen:
        on_new = compare_pictures(
            best.scores.unseen_correct, siamese.scores.unseen_correct, seed=seed
        )
        sentences.append(on_new_classes(best.name, on_new, unseen_classes))
    return (*sentences, for_fixed_classes(on_known), for_changing_classes(on_new))


def winner(result: Difference) -> str:
    """Name which is better by more than chance: "classifier", "siamese", or "" for neither."""
    if not result.significant:
        return ""
    return "classifier" if result.difference > 0 else "siamese"


def on_known_classes(name: str, result: Difference) -> str:
    """Say how the test pictures of the classes trained on were named."""
    who = {
        "": "neither is better",
        "classifier": "the classifier is better",
        "siamese": "the Siamese network is better",
    }[winner(result)]
    return (
        f"On the classes trained on {who}: {name} {result.first:.2%}, Siamese {result.second:.2%} "
        f"of the labels right (p = {result.p_value:.2g})."
    )


def on_new_classes(name: str, result: Difference, unseen_classes: Sequence[str]) -> str:
    """Say what both make of classes that neither was trained on."""
    names = ", ".join(unseen_classes[:5]) + (" ..." if len(unseen_classes) > 5 else "")
    who = {
        "": "no clear difference",
        "classifier": "the classifier's features carry over better",
        "siamese": "the Siamese embeddings carry over better",
    }[winner(result)]
    return (
        f"Of the new classes ({names}) a classifier can name none; shown without training, "
        f"{name} finds {result.first:.2%} by its features, Siamese {result.second:.2%} by its "
        f"embeddings: {who} (p = {result.p_value:.2g})."
    )


def for_fixed_classes(on_known: Difference) -> str:
    """Advise for classes that stay as they are."""
    if winner(on_known) == "siamese":
        return "For classes that stay as they are, the Siamese network is the better choice here."
    return (
        "For classes that stay as they are, take the classifier: it is no worse, needs no gallery "
        "and says a probability by itself."
    )


def for_changing_classes(on_new: Difference | None) -> str:
    """Advise for classes that come and go."""
    if on_new is None:
        return (
            "For classes that come and go nothing was measured: --holdout-classes keeps some out "
            "of the training."
        )
    if winner(on_new) == "classifier":
        return (
            "For classes that come and go, search by the classifier's features serves better here; "
            "the Siamese network needs more classes or a longer training to learn what any two "
            "pictures of a class share."
        )
    return (
        "For classes that come and go, or a picture or two of each, take the Siamese network: a "
        "new class is added by showing it, without training, and 'are these two the same?' has an "
        "answer at a threshold of your choice."
    )
