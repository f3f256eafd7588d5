"""Labelled picture files, named and not read yet: a folder's, an archive's, a table's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from siam.datasets.layout import Layout
from siam.pictures.folder_walk import FolderListing

__all__ = ["Fetch", "PictureSet"]

# From a path below the root to what `read_picture` takes; PictureError where it cannot.
Fetch = Callable[[str], Path | bytes]


@dataclass(frozen=True)
class PictureSet:
    """Labelled picture files, not read yet.

    Attributes:
        name: of the data set.
        source: where it is, for people.
        listing: the pictures, relative to the root with "/" between the parts, and what was left
            out.
        fetch: gives the file or its content; called from several threads.
        layout: what a table says of the pictures; None where their folders say it.
    """

    name: str
    source: str
    listing: FolderListing
    fetch: Fetch
    layout: Layout | None = None
