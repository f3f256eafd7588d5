"""Options that several commands take, each declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from siam.commands import console

__all__ = [
    "AsJson",
    "Backend",
    "DataDir",
    "FalseAcceptRate",
    "RunName",
    "StoreAddress",
    "Threshold",
]


def fetch_run(name: str | None) -> str | None:
    """Return the file of a run that is named by its address, fetched with a word of progress."""
    if name is None or "://" not in name:
        return name
    from siam.runs.remote_pack import fetch_pack

    return str(fetch_pack(name, progress=console.progress))


RunName = Annotated[
    str | None,
    typer.Option(
        "--run",
        help="A run's name or path, packed too (FILE.siam, https://...#sha256=...). Default: last.",
        callback=fetch_run,
    ),
]
StoreAddress = Annotated[
    str | None,
    typer.Option(
        "--store",
        envvar="SIAM_STORE",
        help="A gallery on a server in place of the run's own index: milvus://HOST:PORT/NAME.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
DataDir = Annotated[
    Path | None, typer.Option(help="Where data sets stand.", envvar="SIAM_DATA_DIR")
]
Backend = Annotated[
    str | None,
    typer.Option(help="tensorflow, jax or torch. Default: KERAS_BACKEND, else what is there."),
]
FalseAcceptRate = Annotated[
    float | None,
    typer.Option(
        "--false-accept-rate",
        "--far",
        help="Share of different pairs to let through, such as 0.001.",
    ),
]
Threshold = Annotated[
    float | None, typer.Option(min=0, max=2, help="Distance to keep, 0 to 2, by hand.")
]
