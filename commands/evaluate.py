"""`siam evaluate`: how good a run is, on pictures it never saw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from siam.commands import console
from siam.commands.options import AsJson, FalseAcceptRate, RunName, Threshold
from siam.printable import printable

__all__ = ["evaluate"]


def evaluate(
    run: RunName = None,
    false_accept_rate: FalseAcceptRate = None,
    threshold: Threshold = None,
    compare: Annotated[
        str | None, typer.Option(help="Another run: is the difference larger than chance?")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score a run's test pictures: pairs, retrieval, classes, with 95 % intervals."""
    from siam.engine.evaluate import compare_runs, evaluate_run
    from siam.errors import UsageError
    from siam.runs.runs_folder import find_run

    if compare is not None and (false_accept_rate is not None or threshold is not None):
        given = (
            f"--false-accept-rate {false_accept_rate:g}"
            if false_accept_rate is not None
            else f"--threshold {threshold:g}"
        )
        raise UsageError(
            f"--compare takes each run at its own threshold, received {given}.",
            "Leave it out, or evaluate the two runs one after the other.",
        )
    if compare is not None:
        differences = compare_runs(run, compare, progress=console.progress, notice=console.notice)
        first, second = find_run(run).name, find_run(compare).name
        if as_json:
            console.json_object({"run": first, "other": second, "figures": differences})
        else:
            print_differences(first, second, differences)
        return
    result = evaluate_run(
        run,
        false_accept_rate=false_accept_rate,
        threshold=threshold,
        progress=console.progress,
        notice=console.notice,
    )
    if as_json:
        console.json_object(result)
    else:
        print_figures(result)


def print_figures(result: Mapping[str, Any]) -> None:
    """Print the verdict and what limits it, the figures with intervals, and what to try next."""
    for sentence in result["warnings"]:
        console.data(sentence)
    console.data(printable(result["verdict"]))
    rows = held_out_rows(result)
    for section, figure, words in (
        ("pairs", "accuracy", "pair accuracy"),
        ("pairs", "auc", "pair ROC AUC"),
        ("pairs", "eer", "equal error rate"),
        *measured_rates(result),
        ("retrieval", "recall@1", "Recall@1"),
        ("retrieval", "recall@5", "Recall@5"),
        ("retrieval", "map@r", "MAP@R"),
        ("retrieval", "knn_accuracy", "label by neighbours' vote"),
    ):
        if result[section].get(figure) is not None:
            low, high = result[section][f"{figure}_ci95"]
            rows.append([words, f"{result[section][figure]:.2%}", f"{low:.2%} to {high:.2%}"])
    for episode in result["one_shot"]:
        low, high = episode["accuracy_ci95"]
        words = f"{episode['ways']}-way {episode['shots']}-shot ({episode['protocol']})"
        rows.append([words, f"{episode['accuracy']:.2%}", f"{low:.2%} to {high:.2%}"])
    console.table("", ["figure", "value", "95 % interval"], rows)
    worst = sorted(result["classes"], key=lambda entry: entry.get("recall") or 0.0)[:3]
    confused = [
        f"{entry['name']} {entry['recall']:.2%}"
        for entry in worst
        if entry.get("recall") is not None
    ]
    if confused:
        console.data(f"Hardest classes (share found): {', '.join(confused)}.")
    console.data(f"Decided at {result['operating_point']['words']}.")
    strangers = [f"{kind} {scores['match']:.1%}" for kind, scores in result["unfamiliar"].items()]
    if strangers:
        console.data(
            f"Of pictures that should match nothing, called a match: {', '.join(strangers)}."
        )
    for sentence in result["advice"]:
        console.data(f"Next: {printable(sentence)}")
    console.notice(
        "Look closer:  siam report --open   siam evaluate --false-accept-rate 0.001   --json"
    )


def held_out_rows(result: Mapping[str, Any]) -> list[list[str]]:
    """Return the rows of classes that were never trained on, where there are any."""
    unseen = (result.get("unseen") or {}).get("unseen", {})
    figures = [
        (words, unseen.get(name), unseen.get(f"{name}_ci95"))
        for name, words in (
            ("recall@1", "Recall@1"),
            ("pair_accuracy", "pair accuracy"),
            ("eer", "equal error rate"),
        )
    ]
    figures += [
        (f"{one['ways']}-way 1-shot ({one['protocol']})", one["accuracy"], one["accuracy_ci95"])
        for one in unseen.get("one_shot", ())
    ]
    return [
        [f"never trained on: {words}", f"{value:.2%}", f"{limits[0]:.2%} to {limits[1]:.2%}"]
        for words, value, limits in figures
        if value is not None and limits is not None
    ]


def measured_rates(result: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the row of the accept rate that is told, where there are pairs enough for it."""
    if result["calibration"]["validation_different_pairs"] < 10_000:
        return []
    return [("pairs", "tar@far=0.001", "accepted at 0.1 % false accepts")]


def print_differences(first: str, second: str, figures: Mapping[str, Mapping[str, Any]]) -> None:
    """Print two runs side by side."""
    larger = [name for name, entry in figures.items() if entry["significant"]]
    verdict = f"larger than chance in {', '.join(larger)}" if larger else "within chance"
    console.data(f"The difference between {first} and {second} is {verdict}.")
    rows = [
        [
            name,
            f"{entry['first']:.2%}",
            f"{entry['second']:.2%}",
            f"{entry['difference']:+.2%}",
            "{:+.2%} to {:+.2%}".format(*entry["difference_ci95"]),
            f"{entry['p_value']:.3f}",
        ]
        for name, entry in figures.items()
    ]
    console.table("", ["figure", first, second, "difference", "95 % interval", "p"], rows)
