"""`siam demo`: the whole story in two minutes, on real digits that ship with scikit-learn."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from siam.commands import console

__all__ = ["demo"]


def demo(
    folder: Annotated[
        Path, typer.Option(help="Where the pictures go that are asked about; must not be there.")
    ] = Path("siam-demo"),
) -> None:
    """Show what siam does, in about two minutes: train, ask, compare, evaluate.

    Trains on the 1,797 real digits that ship with scikit-learn, then asks about some that training
    never saw. Each command is shown before it runs, so that it can be tried again.
    """
    from siam.commands.evaluate import evaluate
    from siam.commands.query import query
    from siam.commands.train import train
    from siam.commands.verify import verify
    from siam.engine.demo import write_pictures
    from siam.errors import UsageError
    from siam.runs.runs_folder import free_name

    if folder.exists():
        raise UsageError(
            f"There is {folder} already, and nothing is overwritten.", "Give another --folder."
        )
    run = free_name(None, "digits")
    show("train", "digits", "--preset", "quick", "--name", run)
    train("digits", preset="quick", name=run)
    digit, same, other, scribble = map(str, write_pictures(run, folder))
    commands: tuple[tuple[list[str], Callable[[], None]], ...] = (
        (["query", digit], lambda: query([digit])),
        (["query", scribble], lambda: query([scribble])),
        (["verify", digit, same], lambda: verify(digit, same)),
        (["verify", digit, other], lambda: verify(digit, other)),
        (["query", str(folder), "--summary"], lambda: query([str(folder)], summary=True)),
        (["evaluate"], evaluate),
    )
    for arguments, call in commands:
        show(*arguments)
        with contextlib.suppress(typer.Exit):  # an answer too: no match, different
            call()
    console.data("")
    console.data("Now with your own: a folder with a sub-folder per class.")
    console.data("    siam train FOLDER --preset quick     siam query PICTURE")


def show(*arguments: str) -> None:
    """Print a command as it would be typed."""
    console.data(f"\n$ siam {shlex.join(arguments)}")
