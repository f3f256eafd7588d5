"""Print answers for people: those of `siam query`, and what `siam index` has added."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from siam.commands import console
from siam.printable import printable

if TYPE_CHECKING:
    from siam.engine.answers.answer import Answer, Result
    from siam.engine.answers.summary import AnswerSummary
    from siam.engine.index.sync import Indexed
    from siam.engine.open_run import OpenRun
    from siam.evaluation.verdict import Word

__all__ = ["print_indexed", "print_many", "print_one", "print_summary"]


def print_one(
    run: OpenRun, answer: Result, false_accept_rate: float | None, threshold: float | None
) -> None:
    """Print the answer, its evidence, and what to try next."""
    from siam.engine.answers.answer import Unreadable
    from siam.evaluation.verdict import match_limits
    from siam.runs.own_runs import own_verdict

    if isinstance(answer, Unreadable):
        console.notice(f"Error: {printable(answer.error)}")
        return
    if answer.label or answer.neighbours:
        label = printable(answer.label or "(no label)")
        console.data(f"{label}  {answer.verdict}, probability {answer.probability:.1%}")
        console.data(printable(answer.reason))
    else:
        console.data(f"{answer.verdict}: {answer.reason}")
    for note in answer.prepared.notes if answer.prepared else ():
        console.data(f"note: {printable(note)}")
    if sys.stdout.isatty() and answer.prepared:
        from siam.commands.half_blocks import draw_row
        from siam.pictures.thumbnail import decode_thumbnail

        shown = run.gallery.thumbnails([near.id for near in answer.neighbours[:4]])
        drawn = [decode_thumbnail(png) for png in shown if png]
        console.drawing(draw_row([answer.prepared.pixels, *drawn]))
    rows = [
        [near.label or "-", f"{near.distance:.3f}", near.key, str(near.id)]
        for near in answer.neighbours
    ]
    console.table("", ["label", "distance (0 to 2)", "key", "id"], rows)
    limits = match_limits(run.calibration, false_accept_rate=false_accept_rate, threshold=threshold)
    console.data(f"A match takes {limits}.")
    if verdict := own_verdict(run.path):
        console.data(f"The run, as measured after training: {printable(verdict)}.")
    if answer.verdict == "match":
        console.notice("Look closer:  --sheet out.png   --show-input out.png   --json")
    else:
        console.notice(
            "See what the network saw:  --show-input out.png   or try --false-accept-rate 0.01"
        )


def print_many(answers: Sequence[Result]) -> None:
    """Print a summary, then one line per picture; unreadable ones go to stderr."""
    from siam.engine.answers.answer import Answer, Unreadable

    read = [answer for answer in answers if isinstance(answer, Answer)]
    matches = sum(answer.verdict == "match" for answer in read)
    console.data(f"{matches:,} of {len(read):,} pictures match.")
    if read:
        console.data("\n".join(map(answer_row, read)))
    for answer in answers:
        if isinstance(answer, Unreadable):
            console.notice(f"Skipped: {printable(answer.error)}")


def print_summary(summary: AnswerSummary) -> None:
    """Print how many pictures match, of which labels, and those that most want a look."""
    matches = summary.verdict("match")
    console.data(f"{matches:,} of {summary.count:,} pictures match.")
    words: tuple[Word, ...] = ("match", "unsure", "no match")
    rows = [
        [label or "(no label)", *(f"{verdicts.get(word, 0):,}" for word in words)]
        for label, verdicts in summary.labels.items()
    ]
    console.table("", ["label", *words], rows)
    if summary.looks:
        console.data("The least sure first, and one of near doubles, so worth a look:")
        console.data("\n".join(map(answer_row, summary.looks)))
    if summary.unreadable:
        console.notice(f"{summary.unreadable:,} pictures could not be read; siam query names them.")
    console.notice("A folder per answer:  siam sort FOLDER --to FOLDER")


def answer_row(answer: Answer) -> str:
    """Return an answer among many as a line."""
    return (
        f"{printable(answer.label or '-'):<12} {answer.verdict:<9} {answer.probability:>6.1%}  "
        f"{printable(answer.input)}"
    )


def print_indexed(run: str, done: Indexed, *, as_json: bool, dry_run: bool = False) -> None:
    """Print what was added, changed and removed; end with 3 where a picture was skipped."""
    console.name_skipped(done.skipped)
    counts = {
        "added": done.added,
        "changed": done.changed,
        "removed": done.removed,
        "unchanged": done.unchanged,
    }
    if as_json:
        left = [{"input": entry.path, "error": entry.reason} for entry in done.skipped]
        counted = {**counts, "total": done.total, "skipped": left}
        console.json_object({"run": run, "dry_run": dry_run, **counted})
    else:
        words = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        console.data(f"{'Would be: ' if dry_run else ''}{words}; the index holds {done.total:,}.")
        if not dry_run:
            console.notice("Ask it:  siam query PICTURE")
    if done.skipped:
        raise typer.Exit(3)
