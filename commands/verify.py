"""`siam verify`: whether two pictures are of one class, and how sure that is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siam.commands import console
from siam.commands.options import AsJson, FalseAcceptRate, RunName, Threshold

if TYPE_CHECKING:
    from siam.engine.open_run import OpenRun
    from siam.engine.verify import PairAnswer

__all__ = ["verify"]


def verify(
    left: Annotated[str, typer.Argument(help="A picture; - for standard input.")],
    right: Annotated[str, typer.Argument(help="Another picture.")],
    run: RunName = None,
    false_accept_rate: FalseAcceptRate = None,
    threshold: Threshold = None,
    as_json: AsJson = False,
) -> None:
    """Say whether two pictures are of one class: same, unsure or different.

    Exit code: 0 the same, 1 unsure or different, 3 a picture could not be read.
    """
    from siam.engine.open_run import open_run
    from siam.engine.verify import verify_pair
    from siam.errors import UsageError

    if left == right == "-":
        raise UsageError("Standard input gives one picture, received '-' twice.", "Name a file.")
    with open_run(run) as opened:
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
