"""Embed pictures into a file: read, embedded and written at the same time, part by part."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from siam.engine.answers.outputs import check_output
from siam.engine.embedding.batches import Batch
from siam.engine.embedding.embedding_files import Part, check_target, write_embeddings
from siam.engine.embedding.shards import (
    Shard,
    ShardFacts,
    digest_keys,
    read_parts,
    write_part,
)
from siam.engine.inputs import open_input
from siam.engine.open_run import open_encoder_of
from siam.errors import DataError, UsageError
from siam.parallel import parallel_map
from siam.pictures.reading import Skipped
from siam.progress import Progress, silent

__all__ = ["Embedding", "embed", "merge"]

# Batches that are embedded at a time, and that are begun for each of them: at the end of one, cores
# that have no part of it left go on with the other.
AT_ONCE = 2
AHEAD = 2
LOCAL = "local"
ENGINES = (LOCAL, "ray")
WHOLE = Shard(1, 1)


@dataclass(frozen=True)
class Embedding:
    """What was embedded.

    Attributes:
        run: the run's name.
        path: the file that was written.
        count: embeddings in it.
        dim: length of each.
        skipped: pictures that could not be read.
        notice: what people should be told about the encoder; empty where all is well.
    """

    run: str
    path: Path
    count: int
    dim: int
    skipped: tuple[Skipped, ...]
    notice: str = ""


def embed(
    inputs: Sequence[str],
    out: Path,
    *,
    run: str | None = None,
    standard_input: BinaryIO,
    data_dir: Path | None = None,
    shard: Shard | None = None,
    engine: str = LOCAL,
    progress: Progress = silent,
) -> Embedding:
    """Embed what `inputs` name, in order, into one file.

    Picture files are read as they are embedded, never all at once; an .npz file of pictures is
    held in memory, and so are the embeddings that an .npz or .npy file is made of.

    Args:
        inputs: pictures, folders, .npz files with `x`, Parquet tables, DATASET:SPLIT; see
            `open_input`.
        out: ends in .npz (`embeddings` float32 (n, dim), `keys`, `encoder`, and `labels` where
            all are known), .npy (the embeddings alone), .parquet or .jsonl.
        run: a run's name or path; the newest finished run when left out.
        standard_input: where the picture "-" is read from.
        data_dir: where data sets stand.
        shard: embed this part of the pictures alone, into an .npz file that `merge` joins with the
            others.
        engine: "local", or "ray" for a cluster (`siam.engine.embedding.ray_engine`), which makes
            the same file, and parts by itself.
        progress: told of pictures embedded.

    Raises:
        UsageError: an ending that is not known (of a part, any but .npz), a file that is read or a
            run's own, a data set without a split, an engine that is not known or not to be had.
        DataError: an input that is not there, or no picture that can be read.
        RunError: no such run, or a file of it is damaged.
        MissingExtraError: Parquet without pyarrow, or no Ray.
    """
    check_target(out)
    check_output(out, inputs=inputs)
    if engine not in ENGINES or (engine != LOCAL and shard):
        raise UsageError(
            f"--engine is {' or '.join(ENGINES)}, and local for a --shard; received '{engine}'."
        )
    if shard is not None and out.suffix.lower() != ".npz":
        raise UsageError(f"A part is written as .npz, received --out {out}.", "--merge takes any.")
    path, config, encoder = open_encoder_of(run)
    progress("Looking for pictures", 0, 0)
    opened = [
        open_input(
            name,
            config,
            standard_input=standard_input,
            data_dir=data_dir,
            run=path,
            progress=progress,
        )
        for name in inputs
    ]
    total = sum(len(entry.keys) for entry in opened)

    def facts() -> ShardFacts:
        listing = digest_keys(key for entry in opened for key in entry.keys)
        return ShardFacts(shard or WHOLE, total, listing, encoder.hash, path.name, encoder.dim)

    if engine != LOCAL:
        from siam.engine.embedding.ray_engine import embed_by_ray

        with tempfile.TemporaryDirectory(prefix=".siam-parts-", dir=out.parent) as folder:
            parts_of = embed_by_ray(opened, path, Path(folder), facts(), progress=progress)
            return replace(merge(parts_of, out), notice=encoder.notice)
    block = shard.block(total) if shard else range(total)
    skipped: list[Skipped] = []
    written = 0

    def encoded(batch: Batch) -> Part:
        return batch, encoder.encode(batch.pictures)

    def parts() -> Iterator[Part]:
        nonlocal written
        first = 0
        for entry in opened:
            count = len(entry.keys)
            start, stop = (min(max(end - first, 0), count) for end in (block.start, block.stop))
            first += count
            pairs = parallel_map(
                encoded, entry.batches(range(start, stop)), ahead=AHEAD, workers=AT_ONCE
            )
            for batch, embeddings in pairs:
                skipped.extend(batch.skipped)
                written += len(embeddings)
                yield batch, embeddings
                progress("Embedding", written + len(skipped), len(block))
        if not written and shard is None:
            raise nothing_readable(total, skipped)

    if shard:
        write_part(out, parts(), facts())
    else:
        write_embeddings(out, parts(), dim=encoder.dim, encoder=encoder.hash)
    return Embedding(path.name, out, written, encoder.dim, tuple(skipped), encoder.notice)


def merge(paths: Sequence[Path], out: Path, *, progress: Progress = silent) -> Embedding:
    """Join the parts that `embed` made of shards into the file that one machine would have made.

    Args:
        paths: the parts, all of them, in any order.
        out: as for `embed`.
        progress: told of parts joined.

    Raises:
        UsageError: an ending that is not known, or one of the parts.
        DataError: a part is missing, there twice, damaged, or of another encoder or list of
            pictures; or no picture could be read by any.
    """
    check_target(out)
    check_output(out, inputs=list(map(str, paths)))
    facts, parts = read_parts(paths)
    skipped = tuple(skip for part in facts for skip in part.skipped)
    count = facts[0].total - len(skipped)
    if not count:
        raise nothing_readable(facts[0].total, skipped)

    def told() -> Iterator[Part]:
        for done, part in enumerate(parts, 1):
            yield part
            progress("Merging", done, len(facts))

    write_embeddings(out, told(), dim=facts[0].dim, encoder=facts[0].encoder)
    return Embedding(facts[0].run, out, count, facts[0].dim, skipped)


def nothing_readable(count: int, skipped: Sequence[Skipped]) -> DataError:
    """Return the error of inputs without a picture that can be read."""
    first = f" The first of {count}: {skipped[0].reason}" if skipped else ""
    return DataError(f"There is no picture that can be read.{first}")
