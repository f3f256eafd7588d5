"""`siam sort`: a folder of pictures into a folder per answer, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siam.commands import console
from siam.commands.options import AsJson, FalseAcceptRate, RunName, StoreAddress, Threshold

if TYPE_CHECKING:
    from siam.engine.sorting.sort import Sorting

__all__ = ["sort"]

MATCH, UNSURE = "match", "unsure"


def sort(
    folder: Annotated[
        Path | None, typer.Argument(help="Of pictures, and of folders of them.", show_default=False)
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="Where to make a folder per label.", show_default=False)
    ] = None,
    min_verdict: Annotated[
        str, typer.Option(help="match, or unsure to put what is unsure to its label, too.")
    ] = MATCH,
    move: Annotated[bool, typer.Option("--move", help="Move the pictures; else copy.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    undo: Annotated[
        Path | None,
        typer.Option(help="Take a sorting back, by its sorted.csv.", show_default=False),
    ] = None,
    run: RunName = None,
    store: StoreAddress = None,
    false_accept_rate: FalseAcceptRate = None,
    threshold: Threshold = None,
    as_json: AsJson = False,
) -> None:
    """Copy or move pictures into a folder per label, with `unsure` and `no match` beside.

    Nothing is written over; sorted.csv says what went where and why. Interrupted and run again,
    it goes on. Exit code: 3 where a picture could not be read; it stays where it is.
    """
    if undo is not None:
        if folder or to:
            raise typer.BadParameter("--undo takes the table alone.")
        take_back(undo, as_json)
        return
    if folder is None or to is None:
        raise typer.BadParameter("Name a folder of pictures, and with --to where to sort them.")
    from siam.engine.open_run import open_run
    from siam.engine.query import QueryOptions
    from siam.engine.sorting.sort import SortOptions, sort_pictures
    from siam.errors import UsageError

    if min_verdict not in (MATCH, UNSURE):
        raise UsageError(f"--min-verdict is {MATCH} or {UNSURE}, received '{min_verdict}'.")
    options = SortOptions(
        sure_only=min_verdict == MATCH,
        move=move,
        dry_run=dry_run,
        query=QueryOptions(false_accept_rate=false_accept_rate, threshold=threshold),
    )
    with open_run(run, store=store) as opened:
        if opened.encoder.notice:
            console.notice(opened.encoder.notice)
        done = sort_pictures(opened, folder, to, options=options, progress=console.progress)
    if as_json:
        console.json_object(done.to_dict())
    else:
        print_sorting(done)
    console.name_skipped(done.skipped)
    if done.skipped:
        raise typer.Exit(3)


def print_sorting(done: Sorting) -> None:
    """Print how many pictures went where."""
    total = sum(done.counts.values())
    verb = "moved" if done.moved else "copied"
    verb = f"{verb} to" if done.written else f"would be {verb} to"
    earlier = f", {done.earlier:,} of them earlier" if done.earlier else ""
    console.data(f"{total:,} pictures {verb} {done.to}{earlier}.")
    console.table("", ["folder", "pictures"], [[name, f"{n:,}"] for name, n in done.counts.items()])
    if done.written:
        console.notice(f"Why:  {done.table}   Take it back:  siam sort --undo {done.table}")


def take_back(table: Path, as_json: bool) -> None:
    """Undo a sorting, and say what was left as it is."""
    from siam.engine.sorting.undo import undo_sort

    done = undo_sort(table, progress=console.progress)
    if as_json:
        console.json_object(done.to_dict())
    else:
        console.data(f"{done.moved_back:,} pictures moved back, {done.removed:,} copies removed.")
    console.name_skipped(done.kept, word="Kept")
    if done.kept:
        raise typer.Exit(3)
