"""`siam embed`: pictures to embeddings in a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from siam.commands import console
from siam.commands.options import AsJson, DataDir, RunName

__all__ = ["embed"]


def embed(
    inputs: Annotated[
        list[str],
        typer.Argument(
            help="Pictures, folders of them, DATASET:SPLIT such as mnist:test, an .npz file with "
            "x uint8 (n, height, width[, channels]) and perhaps y, or a .parquet table with a "
            "column image of picture files; s3://BUCKET/PREFIX for those in an object store; - for "
            "standard input. With --merge: the parts."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="The file to write: .npz, .npy, .parquet or .jsonl. Default: embeddings.npz, "
            "of a part embeddings-I-of-N.npz."
        ),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(help="Embed the I-th of N equal parts alone: I/N, such as 2/8."),
    ] = None,
    merge: Annotated[
        bool, typer.Option("--merge", help="Join the parts of all shards into one file.")
    ] = False,
    engine: Annotated[
        str, typer.Option(help="local, or ray for the Ray cluster that RAY_ADDRESS names.")
    ] = "local",
    run: RunName = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write the embeddings of pictures, with their keys, and labels where they are known.

    Exit code: 3 where a picture could not be read; the others are written all the same.
    """
    from siam.engine.embed import embed as embed_inputs
    from siam.engine.embed import merge as merge_parts
    from siam.engine.embedding.shards import parse_shard
    from siam.errors import UsageError

    if merge and (shard or run):
        raise UsageError(
            "--merge joins what was embedded already: it takes no --shard and no --run.",
            "Such as:  siam embed --merge embeddings-*-of-8.npz --out all.parquet",
        )
    part = parse_shard(shard) if shard else None
    name = f"embeddings-{part.number}-of-{part.of}.npz" if part else "embeddings.npz"
    if merge:
        done = merge_parts(list(map(Path, inputs)), out or Path(name), progress=console.progress)
    else:
        done = embed_inputs(
            inputs,
            out or Path(name),
            run=run,
            standard_input=sys.stdin.buffer,
            data_dir=data_dir,
            shard=part,
            engine=engine,
            progress=console.progress,
        )
    if done.notice:
        console.notice(done.notice)
    console.name_skipped(done.skipped)
    if as_json:
        console.json_object(
            {
                "run": done.run,
                "out": str(done.path),
                "count": done.count,
                "dim": done.dim,
                "skipped": [{"input": s.path, "error": s.reason} for s in done.skipped],
            }
        )
    else:
        console.data(f"{done.count:,} embeddings of {done.dim} numbers in {done.path}.")
    if done.skipped:
        raise typer.Exit(3)
