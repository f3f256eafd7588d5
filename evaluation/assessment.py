"""What a run is good enough for, in a plain sentence, and what would make it better.

From the plain figures of `siam evaluate --json`, so that it can be said wherever they are told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["assess"]

Figures = Mapping[str, Any]

# Right labels that sorting takes, and suggestions to a person.
SORTING, SUGGESTING = 0.85, 0.5
# What deciding alone takes: right labels; right ones among matches; test pictures called a match;
# test pictures; and strangers, called a match, at most.
DECIDING, RIGHT_MATCHES, MATCHES, PICTURES, STRANGERS = 0.95, 0.99, 0.8, 100, 0.02
# A class of which fewer are found fails, where it is not judged by one or two pictures.
FAILING, FEWEST = 0.5, 3
# Validation pictures that probabilities should rest on.
VALIDATED = 100
NAMED = 3
UNKNOWN_CLASS = "class not in the gallery"


def assess(metrics: Figures, *, chain: str = "", pretrained: bool = False) -> dict[str, Any]:
    """Judge a run for its use by its figures.

    Classes that were held out of training come first and decide, where there are any: whoever
    holds some out wants to know how new ones will do.

    Args:
        metrics: what `summarise` returns, with "unseen" of `compare_unseen` where there is any.
        chain: that the run's pictures go through; "" where nobody knows.
        pretrained: whether its tower is a pretrained one.

    Returns:
        "use": what it is good enough for; "verdict": the same in a line, with the figures that it
        is judged by; "advice": what to do next, each with the figure behind it.
    """
    unseen: Figures = (metrics.get("unseen") or {}).get("unseen", {})
    recall = unseen.get("recall@1")
    recall = metrics["retrieval"]["recall@1"] if recall is None else recall
    failing = failing_classes(metrics["classes"])
    limits = [] if recall is None else [*doubts(metrics, recall)]
    use = judge_use(recall, limits)
    if failing:
        shown = [f"{one['name']} ({found(one)} right)" for one in failing[:NAMED]]
        more = f" and {len(failing) - NAMED} classes more" if len(failing) > NAMED else ""
        use = (
            f"Not good enough for {', '.join(shown)}{more}; for the rest {use[0].lower()}{use[1:]}"
        )
    return {
        "use": use,
        "verdict": " ".join([f"{use}.", *held_out_sentence(unseen), test_sentence(metrics)]),
        "advice": advise(metrics, failing, recall, chain, pretrained),
    }


def judge_use(recall: float | None, limits: Sequence[str]) -> str:
    """Return what a share of right labels is good enough for, and what forbids more."""
    if recall is None:
        return "Not judged: no test picture has another of its class to find"
    if recall < SUGGESTING:
        return f"Not good enough yet: {100 * (1 - recall):.0f} of 100 labels are wrong"
    if recall < SORTING:
        wrong = f"{100 * (1 - recall):.0f} of 100 labels are wrong"
        return f"Good enough to suggest labels to a person; not to sort: {wrong}"
    if limits:
        return f"Good enough to sort; not to decide alone: {', '.join(limits[:NAMED])}"
    return "Good enough to decide alone where it says match"


def doubts(metrics: Figures, recall: float) -> list[str]:
    """Return what speaks against letting a run decide alone, the weightiest first."""
    limits = []
    kind, share = worst_stranger(metrics)
    if share > STRANGERS:
        whom = "pictures of an unknown class" if kind == UNKNOWN_CLASS else f"strangers ({kind})"
        limits.append(f"{100 * share:.0f} of 100 {whom} are let through")
    matches = metrics["verdicts"]["match"]
    if matches["right"] is not None and matches["right"] < RIGHT_MATCHES:
        limits.append(f"{100 * (1 - matches['right']):.1f} of 100 matches are wrong")
    if recall < DECIDING:
        limits.append(f"{100 * (1 - recall):.0f} of 100 labels are wrong")
    if matches["share"] < MATCHES:
        limits.append(f"no more than {100 * matches['share']:.0f} of 100 pictures are a match")
    if metrics["retrieval"]["queries"] < PICTURES:
        limits.append(f"judged by {metrics['retrieval']['queries']} pictures only")
    return limits


def worst_stranger(metrics: Figures) -> tuple[str, float]:
    """Return the kind of out-of-distribution picture most often called a match, and how often."""
    shares = {kind: scores["match"] for kind, scores in metrics["unfamiliar"].items()}
    return max(shares.items(), key=lambda item: float(item[1]), default=("", 0.0))


def failing_classes(classes: Sequence[Figures]) -> list[Figures]:
    """Return the classes of which fewer than half are found, the worst first."""
    judged = [one for one in classes if one["count"] >= FEWEST and one["recall"] < FAILING]
    return sorted(judged, key=lambda one: float(one["recall"]))


def found(one: Figures) -> str:
    """Say how many of a class are found: "2 of 6"."""
    return f"{round(one['recall'] * one['count'])} of {one['count']}"


def held_out_sentence(unseen: Figures) -> list[str]:
    """Say how classes that were never trained on do, where there are any."""
    if unseen.get("recall@1") is None and unseen.get("pair_accuracy") is None:
        return []
    figures = []
    if unseen.get("recall@1") is not None:
        figures.append(f"{100 * unseen['recall@1']:.2f} % of pictures find their own class first")
    if unseen.get("pair_accuracy") is not None:
        figures.append(f"{100 * unseen['pair_accuracy']:.2f} % of pairs are judged rightly")
    count = unseen["classes"]
    return [f"Of {count} class{'es' * (count > 1)} never trained on {'; '.join(figures)}."]


def test_sentence(metrics: Figures) -> str:
    """Say how the test pictures do."""
    recall, pairs = metrics["retrieval"]["recall@1"], metrics["pairs"]["accuracy"]
    pairs_right = f"{100 * pairs:.2f} % of pairs are judged rightly"
    if recall is None:
        return f"Of the test pictures {pairs_right}."
    first = f"{100 * recall:.2f} % of test pictures find their own class first"
    return f"{first}; {pairs_right}."


def advise(
    metrics: Figures,
    failing: Sequence[Figures],
    recall: float | None,
    chain: str,
    pretrained: bool,
) -> list[str]:
    """Return what to do next, each with its figure."""
    advice = [
        f"More pictures of {one['name']}: {found(one)} are right, "
        f"{one['indexed']} are indexed{taken_for(one)}."
        for one in failing[:NAMED]
    ]
    if recall is not None and recall < DECIDING:
        wrong = f"{100 * (1 - recall):.0f} of 100 labels are wrong"
        if chain == "photo" and not pretrained:
            advice.append(f"Try --tower pretrained, if these are photos of things: {wrong}.")
        elif chain and not failing:
            advice.append(
                f"Try another chain (--prepare, now {chain}) or --preset best, and look for wrong "
                f"labels among the mistakes of siam report: {wrong}."
            )
    kind, share = worst_stranger(metrics)
    if share > STRANGERS:
        points = [
            p for p in metrics["calibration"]["operating_points"] if p["nominal_far"] <= 0.001
        ]
        stricter = (
            f": --false-accept-rate {points[0]['nominal_far']:g} still accepts "
            f"{100 * points[0]['test_tar']:.0f} % of the pairs of one class"
            if points
            else ""
        )
        shown = f"pictures of a {kind}" if kind == UNKNOWN_CLASS else f"{kind} pictures"
        advice.append(f"{100 * share:.0f} % of {shown} are called a match{stricter}.")
    validated = metrics["calibration"]["validation_pictures"]
    if validated < VALIDATED:
        advice.append(f"More pictures: probabilities rest on {validated} validation pictures.")
    return advice


def taken_for(one: Figures) -> str:
    """Say which class a class is taken for most often."""
    mistakes = one["mistaken_for"]
    return f", {mistakes[0]['count']} are taken for {mistakes[0]['name']}" if mistakes else ""
