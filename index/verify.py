"""Checking an index whole: rows, vectors, counts, the accelerator, and its answers."""

from __future__ import annotations

from dataclasses import dataclass

from siam.index.agreement import damaged_files, differing, sample_recall
from siam.index.gallery import Gallery
from siam.index.notices import missing
from siam.index.soundness import (
    changed_files,
    check_pages,
    damaged_vectors,
    intact_copies,
    mend_rows,
    restore,
    row_problems,
)
from siam.progress import Progress, silent

__all__ = ["Problem", "Verification", "verify"]


@dataclass(frozen=True)
class Problem:
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


def verify(
    gallery: Gallery, *, repair: bool = False, files: bool = True, progress: Progress = silent
) -> Verification:
    """Compare everything in an index with everything it should equal.

    The catalogue's pages, counts, rows without vectors and vectors without rows; each vector's
    checksum, length and finiteness; each picture file's content with its hash; the
    accelerator's vectors with the catalogue's; sample searches with a brute-force answer.

    Args:
        gallery: an open index.
        repair: set right what can be: counts, orphans, vectors of which the accelerator has an
            intact copy, and the accelerator itself.
        files: also read the picture files that items came from.
        progress: told of vectors and files checked.

    Raises:
        StoreError: the catalogue's own pages are damaged.
    """
    catalogue = gallery.catalogue
    problems = [Problem(notice, repaired=repair, harmless=True) for notice in gallery.notices]
    with catalogue.reading() as connection:
        check_pages(catalogue, connection)
        wrong = row_problems(catalogue, connection)
        damaged = damaged_vectors(catalogue, connection, progress)
        changed, checked = changed_files(connection, progress) if files else ([], 0)
    problems += [Problem(what, repaired=repair) for what in wrong]
    if wrong and repair:
        mend_rows(catalogue)
    problems += _damage(gallery, damaged, repair=repair)
    problems += [
        Problem(f"{what}; `siam index sync` brings it up to date.", harmless=True)
        for what in changed
    ]
    found, reached = _accelerator(gallery)
    if found and repair:
        gallery.build(afresh=True, progress=progress)
        left, reached = _accelerator(gallery)
        found = [Problem(problem.what, repaired=not left) for problem in found]
    return Verification(len(gallery), checked, reached, tuple(problems + found))


def _damage(gallery: Gallery, damaged: list[int], *, repair: bool) -> list[Problem]:
    copies = intact_copies(gallery.catalogue, gallery.snapshot(), damaged)
    lost = [number for number in damaged if number not in copies]
    if repair and damaged:
        restore(gallery.catalogue, copies, lost)
    problems = []
    if copies:
        what = f"{len(copies)} vectors are damaged (first: item {min(copies)})."
        problems.append(Problem(what, repaired=repair))
    if lost:
        what = f"{len(lost)} vectors are damaged and have no intact copy (first: item {lost[0]})"
        problems.append(Problem(f"{what}; `siam index sync` embeds their pictures again."))
    return problems


def _accelerator(gallery: Gallery) -> tuple[list[Problem], float]:
    found = []
    lagging = missing(gallery)
    if lagging:
        found.append(Problem(lagging, harmless=True))
    snapshot = gallery.snapshot()
    found += [
        Problem(f"{name} of the accelerator is not what was written.")
        for name in damaged_files(snapshot)
    ]
    wrong = differing(gallery.catalogue, snapshot)
    if wrong:
        found.append(Problem(f"{wrong} rows of the accelerator differ from the catalogue's."))
    reached, least = sample_recall(gallery, gallery.catalogue)
    if reached < least:
        what = f"Searches find {reached:.1%} of the brute-force answer, not {least:.1%}."
        found.append(Problem(what))
    return found, reached
