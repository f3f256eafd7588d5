"""Embedding shared by several machines: each takes a part of the pictures; the parts are joined.

The pictures that the inputs name are counted in their order, and shard I of N takes the I-th of N
blocks of them: the same one whenever and wherever it is asked for, no picture in two, none in no
one. What a shard writes says which it is and of which list of pictures, so that parts are joined
where they are all there, and refused where a folder changed in between.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np

from siam.array_types import Vectors
from siam.atomic import replacing
from siam.datasets.arrays import open_arrays
from siam.engine.embedding.batches import Batch
from siam.engine.embedding.embedding_files import Part
from siam.errors import DataError, UsageError
from siam.pictures.reading import Skipped

__all__ = ["Shard", "ShardFacts", "digest_keys", "parse_shard", "read_parts", "write_part"]

MOST = 1_000_000


class Shard(msgspec.Struct, frozen=True):
    """One of several equal parts of the work.

    Attributes:
        number: which, 1 to `of`.
        of: how many there are.
    """

    number: int
    of: int

    def block(self, total: int) -> range:
        """Return the places of `total` pictures that are this shard's; lengths differ by 1 at most.

        Example:
            >>> [Shard(number, 3).block(10) for number in (1, 2, 3)]
            [range(0, 3), range(3, 6), range(6, 10)]
        """
        return range(total * (self.number - 1) // self.of, total * self.number // self.of)

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


class ShardFacts(msgspec.Struct, frozen=True):
    """What a part says of itself.

    Attributes:
        shard: which it is.
        total: pictures in all parts together, the unreadable ones included.
        listing: SHA-256 of the names of all of them, in order.
        encoder: SHA-256 of the encoder.
        run: the run's name.
        dim: length of an embedding.
        skipped: pictures of this part that could not be read.
    """

    shard: Shard
    total: int
    listing: str
    encoder: str
    run: str
    dim: int
    skipped: tuple[Skipped, ...] = ()


def parse_shard(text: str) -> Shard:
    """Return the shard that a text such as "2/8" names.

    Raises:
        UsageError: anything else, or a number outside 1 to N.

    Example:
        >>> parse_shard("2/8")
        Shard(number=2, of=8)
    """
    match = re.fullmatch(r"(\d{1,7})/(\d{1,7})", text.strip(), re.ASCII)
    if match is None or not 1 <= int(match[1]) <= int(match[2]) <= MOST:
        raise UsageError(
            f"--shard is I/N with I from 1 to N, received '{text}'.", "Such as:  --shard 2/8"
        )
    return Shard(int(match[1]), int(match[2]))


def digest_keys(keys: Iterable[str]) -> str:
    """Return the SHA-256 of names in their order, in hexadecimal."""
    digest = hashlib.sha256()
    for key in keys:
        content = key.encode(errors="surrogatepass")
        digest.update(b"%d:%b" % (len(content), content))  # so that "ab", "c" is not "a", "bc"
    return digest.hexdigest()


def write_part(path: Path, parts: Iterator[Part], facts: ShardFacts) -> None:
    """Write the embeddings of one shard, whole or not at all; `siam embed --merge` reads it.

    Args:
        path: an .npz file: `embeddings`, `keys` and `labels` as of any, "" for no label.
        parts: the embeddings in order; what could not be read of them is added to `facts`.
        facts: what the part says of itself.
    """
    keys: list[str] = []
    labels: list[str | None] = []
    vectors = [np.empty((0, facts.dim), np.float32)]
    skipped: list[Skipped] = []
    for batch, embeddings in parts:
        keys += batch.keys
        labels += batch.labels
        skipped += batch.skipped
        vectors.append(embeddings)
    facts = msgspec.structs.replace(facts, skipped=tuple(skipped))
    with replacing(path) as temporary, temporary.open("wb") as target:
        np.savez(
            target,
            embeddings=np.concatenate(vectors),
            keys=np.array(keys, str),
            labels=np.array([label or "" for label in labels], str),
            labelled=np.array([label is not None for label in labels], bool),
            shard=np.frombuffer(msgspec.json.encode(facts), np.uint8),
        )


def read_parts(paths: Sequence[Path]) -> tuple[list[ShardFacts], Iterator[Part]]:
    """Return what parts say of themselves, and their embeddings in order, one part at a time.

    Args:
        paths: all parts of one embedding, in any order.

    Raises:
        DataError: a file is no part or damaged, a part is missing or there twice, or parts are of
            different encoders or lists of pictures; also while the embeddings are read.
    """
    read = sorted(
        ((_read_facts(path), path) for path in paths), key=lambda one: one[0].shard.number
    )
    for (one, first), (other, second) in pairwise(read):
        for what, name in (
            ("of the encoder", "encoder"),
            ("of a list of pictures", "listing"),
            ("of shards in number", "shard.of"),
        ):
            mine, theirs = (_value(facts, name) for facts in (one, other))
            if mine != theirs:
                raise DataError(
                    f"{first} is {what} {mine[:12]}, {second} of {theirs[:12]}: they are no parts "
                    "of one embedding.",
                    "Embed all parts with one run, from the same pictures and with the same N.",
                )
        if one.shard == other.shard:
            raise DataError(f"{first} and {second} are both part {one.shard}.", "Name it once.")
    of, there = read[0][0].shard.of, {facts.shard.number for facts, _ in read}
    missing = [str(Shard(number, of)) for number in range(1, of + 1) if number not in there]
    if missing:
        more = f" and {len(missing) - 5:,} more" if len(missing) > 5 else ""
        raise DataError(
            f"{len(missing):,} of {of:,} parts are missing: {', '.join(missing[:5])}{more}.",
            f"Make it:  siam embed ... --shard {missing[0]}",
        )
    return [facts for facts, _ in read], (_read_embeddings(path, facts) for facts, path in read)


def _value(facts: ShardFacts, name: str) -> str:
    return str(facts.shard.of) if name == "shard.of" else str(getattr(facts, name))


def _damaged(path: Path, reason: object) -> DataError:
    return DataError(
        f"{path} is no part that siam embed --shard wrote, or is damaged: {reason}.",
        "Make it again:  siam embed ... --shard I/N",
    )


def _read_facts(path: Path) -> ShardFacts:
    try:
        with open_arrays(path) as arrays:
            facts = msgspec.json.decode(arrays["shard"].tobytes(), type=ShardFacts)
    except FileNotFoundError:
        raise DataError(f"There is no file {path}.") from None
    except ValueError as error:
        raise _damaged(path, error) from error
    if not (1 <= facts.shard.number <= facts.shard.of <= MOST and facts.total >= 0):
        raise _damaged(path, f"its shard is {facts.shard}")
    return facts


def _read_embeddings(path: Path, facts: ShardFacts) -> Part:
    try:
        with open_arrays(path) as arrays:
            embeddings: Vectors = arrays["embeddings"]
            keys, labels, labelled = (arrays[n].tolist() for n in ("keys", "labels", "labelled"))
    except (FileNotFoundError, ValueError) as error:
        raise _damaged(path, error) from error
    count = len(facts.shard.block(facts.total)) - len(facts.skipped)
    if embeddings.dtype != np.float32 or embeddings.shape != (count, facts.dim):
        raise _damaged(path, f"it holds {embeddings.shape} in place of {(count, facts.dim)}")
    if not len(keys) == len(labels) == len(labelled) == count:
        raise _damaged(path, f"it names {len(keys)} pictures in place of {count}")
    named = [label if known else None for label, known in zip(labels, labelled, strict=True)]
    return Batch(keys, named, np.empty((count, 0, 0, 1), np.uint8)), embeddings
