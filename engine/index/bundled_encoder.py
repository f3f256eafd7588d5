"""An index without training: a run of an encoder that ships with siam, and one's own pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from siam.engine.index.sync import Indexed, add
from siam.engine.open_run import OpenRun
from siam.engine.pack import unpack_run
from siam.errors import DataError, UsageError
from siam.progress import Progress, silent
from siam.runs.bundled_run import BUNDLED_ENCODERS
from siam.runs.manifest import write_manifest
from siam.runs.runs_folder import plain_word, runs_folder

__all__ = ["add_by_encoder"]


def add_by_encoder(
    encoder: str,
    sources: Sequence[str],
    *,
    name: str | None = None,
    label: str | None = None,
    meta: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> tuple[Path, Indexed]:
    """Make a run of a bundled encoder, whose index holds these pictures; whole or not at all.

    Args:
        encoder: "glyphs", for drawings in lines of any kind.
        sources, label, meta, progress: as for `RunIndex.add`.
        name: the run's; that of the first source when left out.

    Returns:
        The run's folder, and what was indexed.

    Raises:
        UsageError: there is no such encoder, or there is a run of that name.
        DataError: a source that is not there, or no picture that can be read.
    """
    if encoder not in BUNDLED_ENCODERS:
        raise UsageError(
            f"There is no bundled encoder '{encoder}'.",
            f"--encoder takes one of: {', '.join(BUNDLED_ENCODERS)}.",
        )
    word = plain_word(Path(sources[0]).resolve().stem) if name is None else name
    if word and (runs_folder() / word).exists():
        raise UsageError(
            f"There is a run '{word}' in {runs_folder()} already.",
            f"Add to it:  siam index add {sources[0]} --run {word}   or give another --name",
        )
    indexed: list[Indexed] = []

    def fill(run: OpenRun) -> None:
        indexed.append(add(run, sources, label=label, meta=meta, progress=progress))
        if not len(run.gallery):
            raise DataError(f"None of the {len(indexed[0].skipped):,} pictures can be read.")
        write_manifest(run.path)  # finished now, and so the newest

    made = unpack_run(BUNDLED_ENCODERS[encoder], name=word, fill=fill, progress=progress)
    return made.path, indexed[0]
