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


def print_figures(result: dict[str, Any]) -> None:
    """Print the verdict and what limits it, the figures with intervals, and what to try next."""
    from siam.evaluation.report.tables import figures_table

    for sentence in result["warnings"]:
        console.data(sentence)
    console.data(printable(result["verdict"]))
    console.print_table("", figures_table(result, whole=False))
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
