"""Embedding by a Ray cluster: Ray Data has each block of the pictures embedded by some node.

A block is a shard (`siam.engine.embedding.shards`), and what a node gives back is the part that
`siam embed --shard` would write of it. Ray does a block again whose node is lost; that the parts
are all there, once, and of one encoder, is checked when they are joined. A node needs siam and what
the inputs name, by the same paths or addresses; the encoder is sent to it.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import socket
import tempfile
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec

from siam.engine.embedding.batches import Input, Portion
from siam.engine.embedding.embedding_files import Part
from siam.engine.embedding.shards import Shard, ShardFacts, write_part
from siam.errors import DataError, SiamError, UsageError, need_packages
from siam.progress import Progress, silent
from siam.run_files import ENCODER_FILE, NETWORK_FILE
from siam.siamese.encoder import Encoder, open_encoder

__all__ = ["BLOCK", "embed_by_ray"]

BLOCK = 4096  # pictures that a node takes at a time, and does again where it is lost


def embed_by_ray(
    inputs: Sequence[Input],
    run: Path,
    folder: Path,
    facts: ShardFacts,
    *,
    progress: Progress = silent,
) -> list[Path]:
    """Embed pictures by the cluster that RAY_ADDRESS names, else by one of this machine alone.

    Args:
        inputs: in their order.
        run: the folder of the run whose encoder it is.
        folder: where a part for each block is written.
        facts: of the whole; which shard it is is left out of account.
        progress: told of pictures that nodes are done with.

    Returns:
        The parts, for `read_parts`.

    Raises:
        UsageError: no cluster answers.
        DataError: a node cannot read an input; also as a run that lacks a part there.
        MissingExtraError: Ray is not installed.
    """
    need_packages("--engine ray", "ray", "ray", "pyarrow")
    shards = [Shard(number, of) for of in [-(-facts.total // BLOCK)] for number in range(1, of + 1)]
    with cluster() as ray:
        name = ENCODER_FILE if (run / ENCODER_FILE).exists() else NETWORK_FILE
        encoder = ray.put((run / name).read_bytes())
        rows = [{"number": shard.number} for shard in shards]
        portions = [ray.put(portions_of(inputs, shard.block(facts.total))) for shard in shards]
        blocks = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
            embed_block,
            fn_kwargs={
                "facts": facts,
                "portions": portions,
                "of": len(shards),
                "name": name,
                "encoder": encoder,
                "here": os.getcwd(),
            },
            batch_size=None,
            batch_format="numpy",
            num_cpus=cores_of_a_node(ray),
        )
        paths: list[Path] = []
        for row in blocks.iter_rows():
            if row["problem"]:
                raise DataError(row["problem"], row["cure"])
            paths.append(folder / f"{row['number']}.npz")
            paths[-1].write_bytes(row["part"])
            progress("Embedding", min(len(paths) * BLOCK, facts.total), facts.total)
        return paths


@contextlib.contextmanager
def cluster() -> Iterator[Any]:
    """Yield Ray, connected to a cluster, without bars and log lines of its own."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would send reports about its use
    import ray
    import ray.data

    ours = not ray.is_initialized()
    if ours:
        try:
            check_answers(os.environ.get("RAY_ADDRESS", ""))
            ray.init(log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
        except (OSError, ValueError, RuntimeError) as error:
            address = os.environ.get("RAY_ADDRESS", "")
            raise UsageError(
                f"No Ray cluster answers at RAY_ADDRESS='{address}'.",
                "Start one:  ray start --head, or leave RAY_ADDRESS out for this machine alone.",
            ) from error
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        yield ray
    finally:
        if ours:
            ray.shutdown()


def check_answers(address: str) -> None:
    """Raise an `OSError` where nobody listens at HOST:PORT: Ray itself tries for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=10).close()


def cores_of_a_node(ray: Any) -> int:
    """Return the cores of the smallest node: a block takes them all, as one embedding does."""
    cores = [node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]]
    return max(1, int(min((some for some in cores if some), default=1)))


def portions_of(inputs: Sequence[Input], block: range) -> list[Portion]:
    """Return what is to be read for the pictures at these places of all inputs together."""
    counts = [len(entry.keys) for entry in inputs]
    portions = []
    for entry, count, end in zip(inputs, counts, accumulate(counts), strict=True):
        first = end - count
        start, stop = (min(max(edge - first, 0), count) for edge in (block.start, block.stop))
        if start < stop:
            portions.append(entry.portion(range(start, stop)))
    return portions


def embed_block(
    batch: dict[str, Any],
    *,
    facts: ShardFacts,
    portions: Sequence[Any],
    of: int,
    name: str,
    encoder: Any,
    here: str,
) -> dict[str, list[Any]]:
    """Embed one block, on whatever node; what is wrong with an input is given back in words."""
    import ray

    (number,) = batch["number"]
    answer: dict[str, list[Any]] = {
        "number": [int(number)],
        "part": [b""],
        "problem": [""],
        "cure": [""],
    }
    own = msgspec.structs.replace(facts, shard=Shard(int(number), of))
    with contextlib.suppress(OSError):
        os.chdir(here)  # where relative paths count from; the process is this embedding's alone
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "part.npz")
            wanted = ray.get(portions[number - 1])
            write_part(path, embed_portions(wanted, open_sent(name, encoder)), own)
            return {**answer, "part": [path.read_bytes()]}
    except SiamError as error:
        return {**answer, "problem": [error.problem], "cure": [error.cure]}


def embed_portions(portions: Sequence[Portion], encoder: Encoder) -> Iterator[Part]:
    """Yield pictures and their embeddings."""
    for portion in portions:
        for batch in portion():
            yield batch, encoder.encode(batch.pictures)


@functools.lru_cache(maxsize=1)
def open_sent(name: str, encoder: Any) -> Encoder:
    """Open the encoder that the driver sent: once for all blocks that this process embeds."""
    import ray

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, name).write_bytes(ray.get(encoder))
        return open_encoder(Path(folder))
