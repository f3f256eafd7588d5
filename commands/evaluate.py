"""`siam evaluate`: how good a run is, on pictures it never saw."""

from __future__ import annotations

from typing import Annotated

import typer

from siam.commands import console

__all__ = ["evaluate"]


def evaluate(
    run: Annotated[str | None, typer.Option(help="A run's name or path. Default: last.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Score a run's test pictures: pairs, retrieval, classes, with 95 % intervals."""
    from siam.engine.evaluate import evaluate_run

    with console.progress_bar() as progress:
        result = evaluate_run(run, progress=progress)
    if as_json:
        console.json_object(result)
    else:
        console.data(str(result))
