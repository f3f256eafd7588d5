"""What a gallery on a server holds: in numbers, compared with what it should be, file by file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from zlib import crc32

import msgspec
import numpy as np

from siam.array_types import Vectors
from siam.index.matches import NEIGHBOURS, SAMPLE, others, recall
from siam.index.ranking import brute_force_in
from siam.index.reader import Reader
from siam.index.remote_gallery import RemoteGallery
from siam.index.remote_reader import RemoteReader, meta_of
from siam.progress import Progress
from siam.unit_vectors import are_unit_rows

if TYPE_CHECKING:
    from siam.index.contents import KnownFile, Summary, Verification

__all__ = [
    "hashes_there",
    "known_files_there",
    "remember_stats_there",
    "summarise_remote",
    "verify_remote",
]


def known_files_there(reader: Reader, folder: PurePath | None = None) -> dict[str, KnownFile]:
    """Return the indexed files in and below `folder` by absolute path; all without one."""
    remote = _remote(reader)
    from siam.index.contents import KnownFile

    place = "" if folder is None else folder.as_posix().rstrip("/")
    # "0" follows "/", so the range holds just what begins with the folder's path and a slash.
    inside = f"origin >= {_quoted(place + '/')} and origin < {_quoted(place + '0')}"
    if not place:
        inside = f'({inside}) or origin like "_:/%"'  # Windows' absolute paths
    fields = ["key", "label", "split", "origin", "hash", "stat", "meta"]
    return {
        row["origin"]: KnownFile(
            id=row["id"],
            key=row["key"],
            label=row["label"] or None,
            split=row["split"] or None,
            origin=row["origin"],
            hash=row["hash"],
            stat=row["stat"],
            meta=_values(row),
        )
        for page in remote.store.rows(fields, inside)
        for row in page
    }


def hashes_there(reader: Reader, ids: Sequence[int]) -> dict[int, tuple[str, int]]:
    """Return the content's hash of those items there are, and 1 where it is of a file."""
    remote = _remote(reader)
    rows = remote.store.fetch(ids, ["hash", "stat"])
    return {number: (row["hash"], int(row["stat"] != "")) for number, row in rows.items()}


def summarise_remote(reader: Reader) -> Summary:
    """Count a gallery; every row's label and split are read for it."""
    remote = _remote(reader)
    from siam.index.contents import Summary

    labels: Counter[str] = Counter()
    splits: Counter[str] = Counter()
    items, last = 0, 0
    for page in remote.store.rows(["label", "split"]):
        labels.update(row["label"] for row in page)
        splits.update(row["split"] for row in page)
        items, last = items + len(page), page[-1]["id"]
    stamp, searched = remote.store.stamp, remote.store.info
    return Summary(
        folder=str(remote.address),
        items=items,
        labels=dict(sorted(labels.items(), key=lambda one: (-one[1], one[0]))),
        splits=dict(sorted(splits.items(), key=lambda one: (-one[1], one[0]))),
        dim=remote.dim,
        encoder=remote.encoder_hash,
        last_id=last,
        generation=stamp.generation if stamp else 0,
        kind=remote.kind,
        structure=searched.structure,
        effort=dict(searched.settings),
        recall=searched.recall,
        lag=0,
        disk=0,
        notices=(),
    )


def verify_remote(reader: Reader, *, progress: Progress) -> Verification:
    """Compare a gallery's rows with what they should be; see `siam.index.verify.verify`.

    Counts, each vector's checksum and length, keys that are there twice, a change that was cut
    short, and sample searches with a brute-force answer. Nothing is repaired: push it again.
    """
    remote = _remote(reader)
    from siam.index.contents import Problem, Verification
    from siam.index.verify import least_recall

    facts, total = remote.store.facts, len(remote)
    cut = facts is not None and facts.toward is not None
    sentences = ["A change of the store was cut short; make it again."] if cut else []
    damaged: list[int] = []
    keys: set[int] = set()
    queries: list[Vectors] = []
    twice, done, step = 0, 0, max(1, total // SAMPLE)
    for page in remote.store.rows(["key", "vector", "checksum"]):
        vectors = np.array([row["vector"] for row in page], np.float32)
        whole = np.array(
            [crc32(v.tobytes()) == r["checksum"] for v, r in zip(vectors, page, strict=True)]
        )
        sound = whole & are_unit_rows(vectors)
        damaged += [row["id"] for row, good in zip(page, sound, strict=True) if not good]
        here = {hash(row["key"]) for row in page}
        twice += len(page) - len(here) + len(here & keys)
        keys |= here
        queries.append(vectors[sound][:: min(step, max(1, len(page)))])
        done += len(page)
        progress("Checking vectors", done, total)
    if damaged:
        sentences.append(f"{len(damaged):,} vectors are damaged (first: item {damaged[0]}).")
    if twice:
        sentences.append(f"{twice:,} pictures are there twice.")
    if done != total:
        sentences.append(f"The store counts {total:,} items and holds {done:,}.")
    reached = 1.0
    if done > len(damaged):
        sample = np.concatenate(queries)[:SAMPLE]
        truth = others(brute_force_in(remote.each_vector(), sample, NEIGHBOURS + 1))
        matches = others(remote.search(sample, NEIGHBOURS + 1))
        reached, least = recall(matches, truth), least_recall(matches, truth, remote.store.info)
        if reached < least:
            what = f"Searches find {reached:.1%} of the brute-force answer, not {least:.1%}."
            sentences.append(what)
    return Verification(done, 0, reached, tuple(Problem(sentence) for sentence in sentences))


def remember_stats_there(reader: Reader, stats: Mapping[int, str]) -> None:
    """Keep the new stat of files that were touched without being changed."""
    remote = _remote(reader)
    assert isinstance(remote, RemoteGallery), "opened for reading"
    remote.remember_stats(stats)


def _remote(reader: Reader) -> RemoteReader:
    assert isinstance(reader, RemoteReader), "not on a server"
    return reader


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()


def _values(row: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.json.decode(meta_of(row) or "{}")
    return values
