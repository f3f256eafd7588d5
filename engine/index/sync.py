"""Fill a run's index from outside: picture files, arrays of pictures, a folder kept in step.

Pictures are read, embedded and committed some hundred at a time. Whatever ends the work in
between, what was committed stays, and the next run goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from siam.array_types import Pictures
from siam.datasets.arrays import read_arrays
from siam.datasets.tables import is_table
from siam.engine.index.changes import (
    Candidate,
    compare,
    content_hash,
    list_candidates,
    may_be_there,
    stat_of,
)
from siam.engine.index.digest import digest
from siam.engine.inputs import in_channels
from siam.engine.open_run import OpenRun, open_encoder_of, open_run
from siam.engine.reading import join_portions, part_unreadable, read_ahead
from siam.errors import DataError, UsageError
from siam.index.catalogue import FILE
from siam.index.files import known_files, remember_stats
from siam.index.gallery import Gallery
from siam.pictures.names import to_label, to_text
from siam.pictures.reading import Skipped
from siam.pictures.thumbnail import encode_thumbnail
from siam.progress import Progress, Stage, silent
from siam.run_files import INDEX_FOLDER
from siam.runs.chosen_store import OWN, choose_store
from siam.runs.runs_folder import find_run

__all__ = ["Indexed", "add", "open_to_index", "sync"]

BATCH = 512
ROWS = 4096


@dataclass(frozen=True)
class Indexed:
    """What adding or syncing did, or with a dry run would do.

    Attributes:
        added: pictures that are new in the index.
        changed: pictures embedded again because their content, or what is said of it, changed.
        removed: items whose file is gone, or is no picture any more.
        unchanged: pictures left as they were.
        skipped: files that could not be read, and places in a folder that could not be looked
            at; what the index held of them stays.
        total: items in the index afterwards.
    """

    added: int
    changed: int
    removed: int
    unchanged: int
    skipped: tuple[Skipped, ...]
    total: int


def open_to_index(name: str | None = None, *, store: str | None = None) -> OpenRun:
    """Open a run for writing to its index, which is made anew where it is missing.

    Args:
        name: a run's name or path; the newest finished run when left out.
        store: as for `open_run`.

    Raises:
        RunError: no such run, or one of its files is missing or not what training wrote.
        StoreError: its index is damaged or was filled by another encoder.
    """
    path = find_run(name)
    if choose_store(path, store):
        return open_run(str(path), read_only=False, store=store)
    if not (path / INDEX_FOLDER / FILE).exists():
        _, _, encoder = open_encoder_of(str(path))
        Gallery.create(path / INDEX_FOLDER, dim=encoder.dim, encoder_hash=encoder.hash).close()
    return open_run(str(path), read_only=False, store=OWN)


def add(
    run: OpenRun,
    sources: Sequence[str],
    *,
    label: str | None = None,
    meta: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> Indexed:
    """Embed and index pictures; those that are indexed already are left as they are.

    Args:
        run: opened for writing.
        sources, label, meta, progress: as for `RunIndex.add`.

    Raises:
        DataError: a source that is not there, a folder without pictures, a single picture that
            cannot be read.
    """
    label = to_label(label) if label else None
    arrays = [Path(name) for name in sources if Path(name).suffix.lower() == ".npz"]
    progress("Looking for pictures", 0, 0)
    files: list[Candidate] = []
    unseen: list[Skipped] = []
    for name in sources:
        path = Path(name)
        if path not in arrays:
            inside, places = list_candidates(path, label, config=run.config)
            files += inside
            unseen += places
    changes = compare(files, known_files(run.gallery), meta=meta)
    skipped = list(_embed(run, changes.to_embed, progress))
    if len(files) == len(skipped) == 1:
        raise DataError(skipped[0].reason)
    remember_stats(run.gallery, changes.new_stats)
    new, changed = changes.count(skipped)
    same = changes.unchanged
    for path in arrays:
        more, left = _add_arrays(run, path, label, meta, progress)
        new, same = new + more, same + left
    return Indexed(
        added=new,
        changed=changed,
        removed=0,
        unchanged=same,
        skipped=(*unseen, *skipped),
        total=len(run.gallery),
    )


def sync(
    run: OpenRun, folder: Path, *, dry_run: bool = False, progress: Progress = silent
) -> Indexed:
    """Make the index hold what a folder holds: add new, embed changed, drop deleted pictures.

    A file whose size, times and inode are those of the last run is taken for unchanged; any
    other is compared by the SHA-256 of its content.

    Args:
        run: opened for writing.
        folder, dry_run, progress: as for `RunIndex.sync`.

    Raises:
        DataError: the folder is not there, or holds no picture although the index does: perhaps
            its disk is not mounted.
        UsageError: a picture, which has no sub-folder to be labelled by.
    """
    if folder.is_file() and not is_table(folder):
        raise UsageError(
            f"`siam index sync` follows a folder or a table, received the file {folder}.",
            f"Add it:  siam index add {folder} --label LABEL",
        )
    progress("Looking for pictures", 0, 0)
    root = Path(to_text(str(folder.resolve())))
    files, unseen = list_candidates(folder, None, config=run.config, may_be_empty=True)
    known = known_files(run.gallery, root if folder.is_dir() else None)
    if not folder.is_dir():  # a table means just these files; none of them is gone
        known = {file.origin: known[file.origin] for file in files if file.origin in known}
    if not files and known:
        raise DataError(
            f"{folder} holds no picture, the index {len(known):,} from it; is a disk missing?",
            f"To drop them all:  siam index remove --where \"origin>='{root.as_posix()}/' and "
            f"origin<'{root.as_posix()}0'\"",
        )
    changes = compare(files, known)
    there = {candidate.origin for candidate in files}
    places = {skip.path for skip in unseen}
    gone = [
        file.id
        for origin, file in known.items()
        if origin not in there and not may_be_there(Path(origin), root, places)
    ]
    skipped: list[Skipped] = []
    if not dry_run:
        if gone:
            run.gallery.remove(gone)
        skipped = list(_embed(run, changes.to_embed, progress))
        remember_stats(run.gallery, changes.new_stats)
    new, changed = changes.count(skipped)
    return Indexed(
        added=new,
        changed=changed,
        removed=len(gone),
        unchanged=changes.unchanged,
        skipped=(*unseen, *skipped),
        total=len(run.gallery),
    )


def _embed(run: OpenRun, files: Sequence[Candidate], progress: Progress) -> Iterator[Skipped]:
    """Embed and commit what is new or changed, batch by batch; yield what cannot be read."""
    total = len(files)
    done = 0
    progress("Indexing", 0, total)
    pending: dict[str, tuple[Candidate, str, str]] = {}

    def sources() -> Iterator[tuple[str, Path | bytes]]:
        for candidate in files:
            stat = stat_of(candidate.path)
            pending[candidate.origin] = (candidate, stat, content_hash(candidate.path))
            yield candidate.origin, candidate.path

    for batch in join_portions(read_ahead(sources(), run.config.preparation), BATCH):
        good, bad = part_unreadable(batch)
        if good:
            read = [(*pending.pop(picture.name), picture.prepared.pixels) for picture in good]
            _commit(run, read)
        yield from bad
        done += len(batch)
        progress("Indexing", done, total)


def _commit(run: OpenRun, good: Sequence[tuple[Candidate, str, str, Pictures]]) -> None:
    files = [candidate for candidate, *_ in good]
    pictures = np.stack([pixels for *_, pixels in good])
    # A file written to while it was read is remembered as unknown, so that sync takes it again.
    kept = [stat if stat_of(file.path) == stat else "" for file, stat, *_ in good]
    run.gallery.add(
        run.encoder.encode(pictures),
        keys=[file.key or file.origin for file in files],
        labels=[file.label for file in files],
        origins=[file.origin for file in files],
        splits=[file.split for file in files],
        hashes=[content for _, _, content, _ in good],
        stats=kept,
        metas=[file.meta for file in files],
        thumbnails=[encode_thumbnail(picture) for picture in pictures],
    )


def _add_arrays(
    run: OpenRun, path: Path, label: str | None, meta: Mapping[str, Any] | None, progress: Progress
) -> tuple[int, int]:
    """Add an .npz file's pictures; return how many are new and how many were there."""
    whole, known = read_arrays(path)
    before = len(run.gallery)
    for start in range(0, len(whole), ROWS):
        pictures = in_channels(whole[start : start + ROWS], run.encoder.picture_shape[2])
        end = start + len(pictures)
        labels: list[object] = [label] * len(pictures)
        if label is None and known is not None:
            labels = known[start:end].tolist()
        run.gallery.add(
            run.encoder.encode(pictures),
            keys=[f"{path.resolve()}#{number}" for number in range(start, end)],
            labels=labels,
            hashes=[digest(picture) for picture in pictures],
            metas=[meta or {}] * len(pictures),
            thumbnails=[encode_thumbnail(picture) for picture in pictures],
        )
        progress(Stage("Indexing", path.name), end, len(whole))
    added = len(run.gallery) - before
    return added, len(whole) - added
