"""`siam report`: a run's figures, curves and mistakes in one HTML file."""

from __future__ import annotations

from typing import Annotated

import typer

from siam.commands import console
from siam.commands.options import RunName

__all__ = ["report"]


def report(
    run: RunName = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write a run's report.html again: one file that needs no network and no server."""
    from siam.engine.report import report_run

    path = report_run(run, progress=console.progress, notice=console.notice)
    console.data(str(path))
    if show:
        typer.launch(path.absolute().as_uri())
