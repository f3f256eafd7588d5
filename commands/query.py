"""`siam query`: what a picture is nearest to, whether that is a match, and how sure that is."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siam.commands import console
from siam.commands.options import AsJson, FalseAcceptRate, RunName, StoreAddress, Threshold

if TYPE_CHECKING:
    from PIL.Image import Image

    from siam.engine.answers.answer import Result
    from siam.engine.open_run import OpenRun
    from siam.engine.query import PictureOptions, QueryOptions

__all__ = ["query"]


def query(
    pictures: Annotated[
        list[str] | None,
        typer.Argument(
            help="Pictures, folders of them, or an .npz file with x; - for standard input.",
            show_default=False,
        ),
    ] = None,
    run: RunName = None,
    store: StoreAddress = None,
    k: Annotated[int, typer.Option("--k", "-k", min=1, help="Neighbours to show.")] = 10,
    false_accept_rate: FalseAcceptRate = None,
    threshold: Threshold = None,
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
    each: Annotated[
        bool, typer.Option("--each", help="Answer for every separate mark in a picture.")
    ] = False,
    like: Annotated[
        list[int] | None, typer.Option(help="Ask with an indexed picture, by its id.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Also write the answers to a .jsonl or .csv file.")
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(
            help="Write a PNG: each query first, then its neighbours. With --each: "
            "the picture with every mark framed."
        ),
    ] = None,
    show_input: Annotated[
        Path | None, typer.Option(help="Write a PNG of what the network saw, step by step.")
    ] = None,
    summary: Annotated[
        bool,
        typer.Option("--summary", help="Only counts by label, and the pictures to look at."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find the nearest indexed pictures, the label, and whether it is a match.

    Exit code: 0 a match, 1 unsure or no match, 3 a picture could not be read.
    """
    if not pictures and not like:
        raise typer.BadParameter("Name a picture, a folder, or an indexed picture with --like.")
    from siam.commands.answers import print_many, print_one, print_summary
    from siam.engine.answers.outputs import check_output
    from siam.engine.open_run import open_run
    from siam.engine.query import PictureOptions, QueryOptions
    from siam.index.matches import check_radius
    from siam.index.summary import collect_notices
    from siam.runs.own_runs import own_verdict

    options = QueryOptions(
        k=k,
        false_accept_rate=false_accept_rate,
        threshold=threshold,
        where=tuple(where or ()),
        within=within,
    )
    if within is not None:
        check_radius(within)  # NaN passes for a number from 0 to 2
    for path in filter(None, (sheet, show_input, out)):
        check_output(path, inputs=pictures or [])
    said = PictureOptions(invert=invert, rotate=rotate, box=parse_box(box))
    with open_run(run, store=store) as opened:
        if opened.encoder.notice:
            console.notice(opened.encoder.notice)
        wanted = as_json or sheet is not None or out is not None
        answers, drawing = ask(
            opened, pictures or [], like or [], options, said, each=each, neighbours=wanted
        )
        for sentence in collect_notices(opened.gallery):
            console.notice(sentence)
        if sheet:
            from siam.engine.answers.contact_sheet import contact_sheet, write_picture

            write_picture(sheet, drawing or contact_sheet(opened, answers))
        if show_input:
            from siam.engine.answers.contact_sheet import steps_of_all, write_picture

            write_picture(show_input, steps_of_all(answers))
        if out:
            from siam.engine.answers.result_files import write_answers

            write_answers(out, answers)
        if summary:
            from siam.engine.answers.summary import summarise_answers

            counted = summarise_answers(answers)
            if as_json:
                console.json_object({"run": opened.name, **counted.to_dict()})
            else:
                print_summary(counted)
        elif as_json:
            results = [answer.to_dict() for answer in answers]
            verdict = own_verdict(opened.path)
            console.json_object({"run": opened.name, "run_verdict": verdict, "results": results})
        elif len(answers) == 1:
            print_one(opened, answers[0], options.false_accept_rate, options.threshold)
        else:
            print_many(answers)
    raise typer.Exit(exit_code(answers))


def ask(
    run: OpenRun,
    pictures: list[str],
    like: list[int],
    options: QueryOptions,
    said: PictureOptions,
    *,
    each: bool,
    neighbours: bool,
) -> tuple[list[Result], Image | None]:
    """Put every question to the run; with `each`, also draw where the marks were found."""
    from siam.engine.query import query_arrays, query_indexed, query_pictures
    from siam.pictures.folder_walk import picture_sources

    answers: list[Result] = list(query_indexed(run, like, options=options)) if like else []
    arrays = [name for name in pictures if name.lower().endswith(".npz")]
    for name in arrays:
        answers += query_arrays(run, Path(name), options=options)
    names = [name for name in pictures if name not in arrays]
    sources = picture_sources(names, standard_input=sys.stdin.buffer)
    if each:
        from siam.engine.answers.page import query_marks
        from siam.errors import UsageError

        if len(sources) != 1 or answers:
            raise UsageError(f"--each takes one picture, received {len(sources) + len(answers)}.")
        page = query_marks(run, sources[0], options=options, picture=said)
        return list(page.answers), page.drawing
    options = dataclasses.replace(options, neighbours=neighbours or len(sources) == 1)
    for answer in query_pictures(run, sources, options=options, picture=said):
        answers.append(answer)
        if len(sources) > 1:
            console.progress("Querying", len(answers), len(sources))
    return answers, None


def exit_code(answers: list[Result]) -> int:
    """3 where a picture could not be read, 0 where every other is a match, else 1."""
    from siam.engine.answers.answer import Answer

    verdicts = [answer.verdict if isinstance(answer, Answer) else None for answer in answers]
    if None in verdicts:
        return 3
    return 0 if all(verdict == "match" for verdict in verdicts) else 1


def parse_box(text: str | None) -> tuple[int, int, int, int] | None:
    """Read "left,top,right,bottom", or refuse it."""
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
