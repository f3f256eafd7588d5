"""Checking an index whole: rows, vectors, counts, the accelerator, and its answers."""

from __future__ import annotations

import numpy as np

from siam.array_types import Vectors
from siam.index import items as rows
from siam.index.catalogue import Catalogue
from siam.index.contents import Problem, Verification
from siam.index.gallery import Gallery
from siam.index.integrity import (
    changed_files,
    check_pages,
    count_differing,
    damaged_vectors,
    each_vector,
    intact_copies,
    mend_rows,
    restore,
    row_problems,
)
from siam.index.matches import NEIGHBOURS, SAMPLE, Matches, others, recall, sampling_error
from siam.index.ranking import brute_force_in
from siam.index.stores.vector_store import StoreInfo
from siam.index.summary import inspect_store
from siam.progress import Progress, silent
from siam.unit_vectors import are_unit_rows

__all__ = ["brute_force", "least_recall", "verify"]


# Recall is measured twice, when a store is built and when it is verified, each time on a
# sample of queries. A sound one exceeds this many standard errors of the difference once in 30,000
# times; at 99 % recall and 200 queries they come to about 2 %.
ERRORS = 4.0


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
    if gallery.on_server:
        from siam.index.remote_contents import verify_remote

        return verify_remote(gallery, progress=progress)
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
    of_store, reached = _accelerator(gallery)
    if of_store and repair:
        gallery.build(afresh=True, progress=progress)
        left, reached = _accelerator(gallery)
        of_store = [Problem(problem.what, repaired=not left) for problem in of_store]
    return Verification(len(gallery), checked, reached, tuple(problems + of_store))


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
    problems = list(filter(None, [inspect_store(gallery)]))
    snapshot = gallery.snapshot()
    problems += [Problem(what) for what in snapshot.store.verify()]
    wrong = count_differing(gallery.catalogue, snapshot)
    if wrong:
        problems.append(Problem(f"{wrong} rows of the accelerator differ from the catalogue's."))
    reached, least = _sample_recall(gallery)
    if reached < least:
        what = f"Searches find {reached:.1%} of the brute-force answer, not {least:.1%}."
        problems.append(Problem(what))
    return problems, reached


def _sample_recall(gallery: Gallery) -> tuple[float, float]:
    """Return the share of a brute-force answer that searches find, and the least it should be.

    Queries are indexed vectors, each one's own item left out of the count, as when the recall of
    a store is measured on building it. An exact one must find everything.
    """
    catalogue, ids = gallery.catalogue, gallery.select()
    sample = np.random.default_rng(1).choice(ids, min(SAMPLE, len(ids)), replace=False)
    with catalogue.reading() as connection:
        # A damaged catalogue may lack the vector of an item; that is told of by itself.
        there = rows.vectors_of_ids(connection, np.sort(sample).tolist())
        queries = rows.stack_vectors(list(there.values()), catalogue.dim)
    queries = queries[are_unit_rows(queries)]  # damaged ones are told of by themselves
    if not len(queries):
        return 1.0, 1.0
    truth = others(brute_force(catalogue, queries, NEIGHBOURS + 1))
    matches = others(gallery.search(queries, NEIGHBOURS + 1))
    least = least_recall(matches, truth, gallery.snapshot().store.info)
    return recall(matches, truth), least


def least_recall(matches: Matches, truth: Matches, built: StoreInfo) -> float:
    """Return the recall, 0 to 1, that a sound store has reached here.

    Args:
        matches: what it finds for a sample of queries.
        truth: the exact answers.
        built: what it was measured to find when it was built.
    """
    if built.exact:
        return 1.0
    return built.recall - ERRORS * float(
        np.hypot(sampling_error(matches, truth), built.recall_error)
    )


def brute_force(catalogue: Catalogue, queries: Vectors, k: int) -> Matches:
    """Return the `k` nearest items of each query, from the catalogue alone, exactly."""
    with catalogue.reading() as connection:
        each = ((ids, vectors) for ids, vectors, _ in each_vector(connection, catalogue.dim))
        return brute_force_in(each, queries, k)
