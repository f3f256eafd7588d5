"""`siam index push` and `siam index use`: the gallery of a run on a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from siam.commands import console
from siam.commands.interruption import interruptible
from siam.commands.options import AsJson, RunName

__all__ = ["push", "use"]

KEPT = "what was sent is kept. Run it again to go on from there."


def push(
    embeddings: Annotated[
        Path | None,
        typer.Argument(
            help="A file that siam embed wrote, .npz or .parquet: sent in place of the index.",
            show_default=False,
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            envvar="SIAM_STORE",
            help="Where to: milvus://HOST:PORT/NAME. Default: what `index use` chose.",
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="Of the index there: FLAT (exact), HNSW, IVF_FLAT, IVF_SQ8; not on milvus-lite "
            "IVF_PQ, DISKANN. Default: as it is, else FLAT."
        ),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Also over another encoder's gallery, or what clients changed there."
        ),
    ] = False,
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """Copy the index, or embeddings, to a Milvus server that many machines can ask and change.

    What is there answers until all is sent; a push that was cut short goes on from where it was.
    """
    from siam.engine.api.run import open as open_run
    from siam.errors import UsageError
    from siam.runs.chosen_store import remembered_store

    opened = open_run(run, store=store)
    address = opened.index.store
    if not address:
        raise UsageError(
            "Nothing says where to push.", "Such as:  --store milvus://localhost:19530/digits"
        )
    with interruptible(KEPT):
        done = opened.index.push(
            address, embeddings=embeddings, kind=kind, replace=replace, progress=console.progress
        )
    if as_json:
        counts = {"items": done.items, "sent": done.sent}
        console.json_object({"run": opened.name, "store": done.store, **counts})
    else:
        console.data(f"{done.store} holds {done.items:,} pictures; {done.sent:,} were sent.")
        if remembered_store(opened.path) == address:
            console.notice(f"Ask it:  siam query PICTURE --run {opened.name}")
        else:
            console.notice(
                f"Ask it:  siam query PICTURE --run {opened.name} --store {done.store}\n"
                f"Without --store from now on:  siam index use {done.store} --run {opened.name}"
            )


def use(
    store: Annotated[
        str,
        typer.Argument(
            help="milvus://HOST:PORT/NAME, or local for the run's own index again.",
            show_default=False,
        ),
    ],
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """Let a run's questions and changes go to a store from now on, without --store.

    This user's choice on this machine; --store and SIAM_STORE come before it.
    """
    from siam.engine.api.run import open as open_run

    opened = open_run(run)
    items = opened.index.use(store)
    if as_json:
        console.json_object({"run": opened.name, "store": opened.index.store, "items": items})
    else:
        place = opened.index.store or "its own index"
        console.data(f"{opened.name} answers from {place}: {items:,} pictures.")
