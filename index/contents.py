"""What is told of an index as a whole: in numbers, file by file, and whether it is sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

__all__ = ["KnownFile", "Problem", "Summary", "Verification"]


class Summary(msgspec.Struct, frozen=True):
    """An index in numbers.

    Attributes:
        folder: where it lies.
        items: items in it.
        labels: items by label, most first.
        splits: items by split.
        dim: length of a vector.
        encoder: SHA-256 of the encoder that filled it.
        last_id: the highest id ever given.
        generation: commits so far.
        kind: the index kind as chosen.
        structure: how the vector store searches, "none" where there is no accelerator.
        effort: its search settings.
        recall: what it was measured to find when it was built, 0 to 1.
        lag: items that the accelerator lacks or does not know to be removed.
        disk: bytes of all its files.
        notices: what was found amiss on opening.
    """

    folder: str
    items: int
    labels: dict[str, int]
    splits: dict[str, int]
    dim: int
    encoder: str
    last_id: int
    generation: int
    kind: str
    structure: str
    effort: dict[str, int]
    recall: float
    lag: int
    disk: int
    notices: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the values by name, for JSON."""
        return msgspec.structs.asdict(self)


@dataclass(frozen=True)
class KnownFile:
    """An indexed picture file.

    Attributes:
        id, key: the item's.
        label, split: the item's; None for none.
        origin: the file's absolute path, "/" between its parts on every system.
        hash: SHA-256 of the content that was embedded, in hexadecimal.
        stat: size, times and inode at that moment; "" where the file itself was not looked at,
            and `hash` is then of something else.
        meta: the item's further values.
    """

    id: int
    key: str
    label: str | None
    split: str | None
    origin: str
    hash: str
    stat: str
    meta: Mapping[str, Any]


class Problem(msgspec.Struct, frozen=True):
    """Something that is not as it should be.

    Attributes:
        what: one sentence.
        repaired: whether `repair` set it right.
        harmless: searches are right all the same, such as with a lagging accelerator.
    """

    what: str
    repaired: bool = False
    harmless: bool = False


@dataclass(frozen=True)
class Verification:
    """What `verify` found.

    Attributes:
        items: items in the catalogue.
        checked_files: pictures whose content was compared with their hash.
        recall: share of the brute-force answer that the index finds, 0 to 1.
        problems: empty when all is well.
    """

    items: int
    checked_files: int
    recall: float
    problems: tuple[Problem, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong, or nothing any more."""
        return all(problem.repaired or problem.harmless for problem in self.problems)
