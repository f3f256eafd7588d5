"""`siam query`: what a picture is nearest to, whether that is a match, and how sure that is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siam.commands import console

if TYPE_CHECKING:
    from siam.engine.query import Answer
    from siam.engine.run import OpenRun

__all__ = ["query"]


def query(
    pictures: Annotated[
        list[str], typer.Argument(help="Pictures or folders of them; - for standard input.")
    ],
    run: Annotated[str | None, typer.Option(help="A run's name or path. Default: last.")] = None,
    k: Annotated[int, typer.Option(min=1, help="Neighbours to show.")] = 10,
    far: Annotated[
        float | None, typer.Option(help="False-accept rate to keep, such as 0.001.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(min=0, max=2, help="Distance to keep, 0 to 2, by hand.")
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option(help="Filter on the index, such as label=3.")
    ] = None,
    within: Annotated[
        float | None, typer.Option(min=0, max=2, help="Only neighbours this near.")
    ] = None,
    invert: Annotated[
        bool | None,
        typer.Option("--invert/--no-invert", help="Ink is darker than paper, or is not."),
    ] = None,
    rotate: Annotated[int, typer.Option(help="Turn by 90, 180 or 270 degrees clockwise.")] = 0,
    box: Annotated[
        str | None, typer.Option(help="Use only this part: left,top,right,bottom in pixels.")
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(help="Write a contact sheet PNG, the query first.")
    ] = None,
    show_input: Annotated[
        Path | None, typer.Option(help="Write a PNG of what the network saw, step by step.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Find the nearest indexed pictures, the label, and whether it is a match.

    Exit code: 0 a match, 1 no match, 3 a picture could not be read.
    """
    from siam.engine.query import PictureOptions, QueryOptions, query_pictures
    from siam.engine.run import open_run
    from siam.engine.sources import picture_sources

    options = QueryOptions(
        k=k, far=far, threshold=threshold, where=tuple(where or ()), within=within
    )
    said = PictureOptions(invert=invert, rotate=rotate, box=parse_box(box))
    sources = picture_sources(pictures, standard_input=sys.stdin.buffer)
    with open_run(run) as opened, console.progress_bar(quiet=len(sources) < 100) as progress:
        answers = []
        found = query_pictures(
            opened, sources, options=options, picture=said, keep_steps=show_input is not None
        )
        for answer in found:
            answers.append(answer)
            if len(answers) % 64 == 0 or len(answers) == len(sources):
                progress("Querying", len(answers), len(sources))
        if sheet:
            from siam.engine.sheets import write_contact_sheet

            write_contact_sheet(sheet, opened, answers)
        if show_input:
            from siam.engine.sheets import write_steps_sheet

            write_steps_sheet(show_input, answers)
        if as_json:
            results = [answer.to_dict() for answer in answers]
            console.json_object({"run": opened.name, "results": results})
        elif len(answers) == 1:
            print_one(opened, answers[0], options.far, options.threshold)
        else:
            print_many(answers)
    raise typer.Exit(exit_code(answers))


def exit_code(answers: list[Answer]) -> int:
    """3 where a picture could not be read, 0 where every other is a match, else 1."""
    if any(answer.error for answer in answers):
        return 3
    return 0 if all(answer.verdict == "match" for answer in answers) else 1


def parse_box(text: str | None) -> tuple[int, int, int, int] | None:
    """Read "left,top,right,bottom".

    Raises:
        UsageError: anything else.
    """
    from siam.errors import UsageError

    if text is None:
        return None
    try:
        left, top, right, bottom = (int(side) for side in text.split(","))
    except ValueError:
        raise UsageError(
            f"--box takes left,top,right,bottom in pixels, received '{text}'.",
            "Such as:  --box 10,20,110,140",
        ) from None
    return left, top, right, bottom


def print_one(run: OpenRun, answer: Answer, far: float | None, threshold: float | None) -> None:
    """Print the answer, its evidence, and what to try next."""
    if answer.error:
        console.notice(f"Error: {answer.error}")
        return
    if answer.label:
        console.data(f"{answer.label}  {answer.verdict}, {answer.probability:.1%} sure")
    else:
        console.data("no match: the index holds nothing to compare with")
    for note in answer.prepared.notes if answer.prepared else ():
        console.data(f"note: {note}")
    if sys.stdout.isatty() and answer.prepared:
        from siam.commands.half_blocks import draw_row
        from siam.datasets.thumbnail import decode_thumbnail

        shown = run.gallery.thumbnails([near.id for near in answer.neighbours[:4]])
        drawn = [decode_thumbnail(png) for png in shown if png]
        console.data(draw_row([answer.prepared.pixels, *drawn]))
    rows = [
        [near.label, f"{near.distance:.3f}", near.key, str(near.id)] for near in answer.neighbours
    ]
    console.table("", ["label", "distance (0 to 2)", "key", "id"], rows)
    console.data(f"Decided at {run.calibration.operating_point(far, threshold)}.")
    if answer.verdict == "match":
        console.notice("Look closer:  --sheet out.png   --show-input out.png   --json")
    else:
        console.notice("See what the network saw:  --show-input out.png   or try --far 0.01")


def print_many(answers: list[Answer]) -> None:
    """Print a summary, then one line per picture; unreadable ones go to stderr."""
    read = [answer for answer in answers if not answer.error]
    matches = sum(answer.verdict == "match" for answer in read)
    console.data(f"{matches:,} of {len(read):,} pictures match.")
    lines = [
        f"{answer.label or '-':<12} {answer.verdict:<9} {answer.probability:>6.1%}  {answer.input}"
        for answer in read
    ]
    if lines:
        console.data("\n".join(lines))
    for answer in answers:
        if answer.error:
            console.notice(f"Skipped: {answer.error}")
