"""`siam verify`: whether pictures are of one class, two or many pairs, and how sure that is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siam.commands import console
from siam.commands.options import AsJson, FalseAcceptRate, RunName, StoreAddress, Threshold

if TYPE_CHECKING:
    from siam.engine.open_run import OpenRun
    from siam.engine.verification.many import PairVerdicts
    from siam.engine.verification.pair import PairAnswer

__all__ = ["verify"]

ALL, NAME = "all", "name"
SHOWN = 20
FIGURES = ("accuracy", "far", "tar", "auc", "eer")


def verify(
    left: Annotated[
        str,
        typer.Argument(help="A picture, - for standard input, a folder, or a CSV of left,right."),
    ],
    right: Annotated[
        str | None, typer.Argument(help="Another picture or folder.", show_default=False)
    ] = None,
    run: RunName = None,
    store: StoreAddress = None,
    by: Annotated[
        str, typer.Option(help="Of folders, pair all, or by name what has one name in both.")
    ] = ALL,
    false_accept_rate: FalseAcceptRate = None,
    threshold: Threshold = None,
    as_json: AsJson = False,
) -> None:
    """Say whether two pictures are of one class: same, unsure or different.

    Of two folders each picture is compared with each; of a CSV with the columns left, right and
    perhaps same (1 or 0), each pair, and accuracy, ROC AUC and equal error rate are printed.
    Exit code: 0 all the same, 1 unsure or different, 3 a picture could not be read.
    """
    from siam.engine.open_run import open_run
    from siam.engine.verification.pair import verify_pair
    from siam.errors import UsageError

    if by not in (ALL, NAME):
        raise UsageError(f"--by is {ALL} or {NAME}, received '{by}'.")
    if right is None or Path(left).is_dir():
        verify_many(left, right, run, store, by == NAME, false_accept_rate, threshold, as_json)
        return
    if left == right == "-":
        raise UsageError("Standard input gives one picture, received '-' twice.", "Name a file.")
    with open_run(run, store=store) as opened:
        if opened.encoder.notice:
            console.notice(opened.encoder.notice)
        answer = verify_pair(
            opened,
            (left, read_input(left)),
            (right, read_input(right)),
            false_accept_rate=false_accept_rate,
            threshold=threshold,
        )
        if as_json:
            console.json_object({"run": opened.name, **answer.to_dict()})
        else:
            print_answer(opened, answer, false_accept_rate, threshold)
    raise typer.Exit(0 if answer.same else 1)


def verify_many(
    left: str,
    right: str | None,
    run: str | None,
    store: str | None,
    by_name: bool,
    false_accept_rate: float | None,
    threshold: float | None,
    as_json: bool,
) -> None:
    """Verify the pairs of two folders, or of a table."""
    from siam.engine.open_run import open_run
    from siam.engine.verification.many import verify_pairs
    from siam.engine.verification.pair_sources import folder_pairs, table_pairs

    if right is None and not left.lower().endswith((".csv", ".tsv")):
        raise typer.BadParameter("Name two pictures, two folders, or a .csv of left,right.")
    pairs = (
        table_pairs(Path(left))
        if right is None
        else folder_pairs(Path(left), Path(right), by_name=by_name)
    )
    with open_run(run, store=store) as opened:
        if opened.encoder.notice:
            console.notice(opened.encoder.notice)
        done = verify_pairs(
            opened,
            pairs,
            false_accept_rate=false_accept_rate,
            threshold=threshold,
            progress=console.progress,
        )
        words = opened.calibration.operating_point(false_accept_rate, threshold)
    if as_json:
        console.json_object(done.to_dict())
    else:
        print_pairs(done, str(words))
    console.name_skipped(done.skipped)
    if done.skipped:
        raise typer.Exit(3)
    raise typer.Exit(0 if all(row.verdict == "same" for row in done.rows) else 1)


def print_pairs(done: PairVerdicts, words: str) -> None:
    """Print how many pairs are the same, figures where the truth is known, the nearest pairs."""
    same = sum(row.verdict == "same" for row in done.rows)
    unsure = sum(row.verdict == "unsure" for row in done.rows)
    count = len(done.rows)
    console.data(f"{same:,} of {count:,} pairs are the same, {unsure:,} unsure.")
    if done.scores:
        known = done.scores.count
        console.data(f"Of {known:,} pairs whose truth is told, with 95 % intervals:")
        rows = [
            [name, f"{figure:.2%}", f"{low:.2%} to {high:.2%}"]
            for name, (figure, (low, high)) in done.scores.figures.items()
            if name in FIGURES
        ]
        console.table("", ["figure", "value", "95 %"], rows)
    nearest = sorted(done.rows, key=lambda row: row.distance)[:SHOWN]
    console.table(
        "",
        ["left", "right", "verdict", "distance", "probability"],
        [
            [row.left, row.right, row.verdict, f"{row.distance:.3f}", f"{row.probability:.1%}"]
            for row in nearest
        ],
    )
    if count > SHOWN:
        console.data(f"The nearest {SHOWN} of {count:,} pairs; --json prints all.")
    console.data(f"Decided at {words}.")


def read_input(name: str) -> Path | bytes:
    """Return what a picture is read from: a file's path, or what standard input gave."""
    from siam.pictures.reading import MAX_STREAM

    return sys.stdin.buffer.read(MAX_STREAM + 1) if name == "-" else Path(name)


def print_answer(
    run: OpenRun, answer: PairAnswer, false_accept_rate: float | None, threshold: float | None
) -> None:
    """Print the verdict, its evidence, and what to try next."""
    console.data(str(answer))
    for side, prepared in zip(("left", "right"), answer.prepared, strict=True):
        for note in prepared.notes:
            console.data(f"note: {side}: {note}")
    if sys.stdout.isatty():
        from siam.commands.half_blocks import draw_row

        console.drawing(draw_row([prepared.pixels for prepared in answer.prepared]))
    console.data(f"Decided at {run.calibration.operating_point(false_accept_rate, threshold)}.")
    console.notice("Be stricter:  --false-accept-rate 0.001   ask the index:  siam query PICTURE")
