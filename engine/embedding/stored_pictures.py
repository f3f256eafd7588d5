"""Pictures of an object store as an input of `siam embed`: labelled as a folder of them is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from siam.datasets.layout import arrange
from siam.engine.embedding.batches import Batch, Input, Portion, read_batches
from siam.pictures.object_store import StoredPicture, fetch_pictures, list_pictures
from siam.pictures.preparation import Preparation

if TYPE_CHECKING:
    from siam.runs.config import RunConfig

__all__ = ["open_stored_pictures"]


def open_stored_pictures(address: str, config: RunConfig) -> Input:
    """Open the pictures of an object store, labelled as a folder of them is.

    Args:
        address: s3://BUCKET/PREFIX, or one picture's own.
        config: of the run that will embed.

    Raises:
        DataError: the store is not reached, gives no access, or holds no picture there; also while
            they are read.
        MissingExtraError: the extra "s3" is not installed.
    """
    pictures = list_pictures(address)
    entries = arrange([one.inside for one in pictures], classes_from=config.data.classes_from)
    labels = {path: entry.class_name for path, entry in entries.by_path().items()}

    def portion(block: range) -> Portion:
        chosen = pictures[block.start : block.stop]
        known = [labels.get(one.inside) for one in chosen]
        return partial(read_stored, chosen, known, config.preparation)

    return Input([one.name for one in pictures], portion)


def read_stored(
    pictures: Sequence[StoredPicture], labels: Iterable[str | None], preparation: Preparation
) -> Iterator[Batch]:
    """Yield pictures of an object store; see `read_batches`."""
    sources = zip([one.name for one in pictures], fetch_pictures(pictures), strict=True)
    yield from read_batches(sources, labels, preparation)
