"""`siam show`: a run's network in words and in one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from siam.commands import console

__all__ = ["show"]


def show(
    run: Annotated[str, typer.Argument(help="A run's name or path.")] = "last",
    out: Annotated[Path, typer.Option(help="Where the picture goes.")] = Path("siam-show.png"),
    seed: Annotated[int, typer.Option(min=0, help="Which samples and pairs are drawn.")] = 0,
) -> None:
    """Print the tower's and the network's summary; draw samples, pairs and the network."""
    from siam.engine.show import show_run
    from siam.runs.runs_folder import find_run

    shown = show_run(find_run(run), out, seed=seed, progress=console.progress)
    console.data(shown.tower)
    console.data(shown.network)
    console.notice(f"Samples, pairs and the network's diagram: {shown.picture}")
