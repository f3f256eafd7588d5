"""`siam classify`: name a picture by a baseline that `siam compare` trained."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from siam.commands import console
from siam.commands.options import AsJson
from siam.printable import printable

__all__ = ["classify"]


def classify(
    pictures: Annotated[
        list[str], typer.Argument(help="Pictures or folders of them; - for standard input.")
    ],
    style: Annotated[
        str | None,
        typer.Option(help="sequential, functional, subclassed or residual. Default: the best."),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="Which comparison's. Default: the newest.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Name pictures by a classifier: always one of its classes, however strange the picture.

    Exit code: 0 named, 3 a picture could not be read.
    """
    from siam.engine.answers.answer import Unreadable
    from siam.engine.classify import classify_pictures, open_kept
    from siam.pictures.folder_walk import picture_sources

    sources = picture_sources(pictures, standard_input=sys.stdin.buffer)
    classifier = open_kept(style, dataset=dataset)
    answers = []
    for answer in classify_pictures(classifier, sources):
        answers.append(answer)
        console.progress("Classifying", len(answers), len(sources))
    if as_json:
        console.json_object(
            {
                "style": classifier.name,
                "dataset": classifier.dataset,
                "results": [answer.to_dict() for answer in answers],
            }
        )
    else:
        for answer in answers:
            if isinstance(answer, Unreadable):
                console.notice(f"Skipped: {printable(answer.error)}")
                continue
            label, probability = answer.labels[0]
            others = ", ".join(f"{name} {share:.1%}" for name, share in answer.labels[1:])
            asked = f"{label}  {probability:.1%}  {answer.input}  (then {others})"
            console.data(printable(asked))
            for note in answer.notes:
                console.data(f"note: {note}")
        console.notice(
            f"By the {classifier.name} classifier of {classifier.dataset}; it has no answer 'none "
            "of these'. For that:  siam query PICTURE"
        )
    if any(isinstance(answer, Unreadable) for answer in answers):
        raise typer.Exit(3)
