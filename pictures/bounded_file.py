"""A picture's file, of which no more is read than a header may have: whatever its decoder asks.

Of notes, profiles and tags a decoder holds all there are, and asks for them one by one: a gigabyte
of text in a PNG, or four million empty chunks, would be read before its size is known.
"""

from __future__ import annotations

from typing import Any, BinaryIO

from siam.errors import PictureError

__all__ = ["BoundedFile"]


class BoundedFile:
    """A binary file that refuses to give more than it may.

    Args:
        file: can seek.
        label: what error lines call the picture.
        most: bytes that may be read.
        reads: how often.

    Attributes:
        taken: bytes that were read.
    """

    def __init__(self, file: BinaryIO, label: str, *, most: int, reads: int) -> None:
        self.file, self.label = file, label
        self.most, self.reads = most, reads
        self.taken = 0

    def allow(self, *, most: int, reads: int) -> None:
        """Allow as many bytes more, and so many reads."""
        self.most += most
        self.reads += reads

    def read(self, size: int | None = -1) -> bytes:
        """Read as the file does.

        Raises:
            PictureError: that is more than it may give.
        """
        left = self.most - self.taken
        wanted = left + 1 if size is None or size < 0 else min(size, left + 1)
        content = self.file.read(wanted)
        self.taken += len(content)
        self.reads -= 1
        if self.taken > self.most or self.reads < 0:
            raise PictureError(
                f"{self.label} holds too much beside its pixels: more than "
                f"{self.most / 2**20:.0f} MiB, or too many pieces.",
                "Save the picture again, without notes and profiles.",
            )
        return content

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)
