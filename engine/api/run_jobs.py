"""What a run does with whole folders, from Python; each job as its command does it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from siam.engine.answers.answer import Answer
from siam.engine.labelling.session import pictures_to_label
from siam.engine.open_run import OpenRun
from siam.engine.sorting.sort import Sorting, SortOptions, sort_pictures
from siam.engine.verification.many import PairVerdicts, verify_pairs
from siam.engine.verification.pair_sources import folder_pairs, table_pairs
from siam.progress import Progress, silent

if TYPE_CHECKING:
    from siam.engine.audit.audit import Audit

__all__ = ["RunJobs"]

PathLike = str | os.PathLike[str]


class RunJobs:
    """The jobs of `siam.Run`."""

    @property
    def _opened(self) -> OpenRun:
        raise NotImplementedError

    def verify_pairs(
        self,
        left: PathLike,
        right: PathLike | None = None,
        *,
        by_name: bool = False,
        false_accept_rate: float | None = None,
        threshold: float | None = None,
        progress: Progress = silent,
    ) -> PairVerdicts:
        """Say of many pairs whether both pictures are of one class; each picture is read once.

        Args:
            left: a folder of pictures; or, alone, a table with the columns left, right and perhaps
                same (1 = one class, 0 = different).
            right: another folder; of one and the same, each picture is compared with each other.
            by_name: pair what has one name in both folders, its ending aside; else each with each.
            false_accept_rate: share of different pairs to let through, above 0 to 1.
            threshold: distance to keep, 0 to 2, instead.
            progress: told of pictures embedded.

        Returns:
            A verdict for each pair, and figures where the truth is told of pairs of both kinds.

        Raises:
            DataError: a folder or table that cannot be read, or not one pair's pictures can be.
            UsageError: more than a million pairs, or options that make no sense.
        """
        pairs = (
            table_pairs(Path(left))
            if right is None
            else folder_pairs(Path(left), Path(right), by_name=by_name)
        )
        return verify_pairs(
            self._opened,
            pairs,
            false_accept_rate=false_accept_rate,
            threshold=threshold,
            progress=progress,
        )

    def sort(
        self,
        folder: PathLike,
        to: PathLike,
        *,
        sure_only: bool = True,
        move: bool = False,
        dry_run: bool = False,
        progress: Progress = silent,
    ) -> Sorting:
        """Copy or move pictures into a folder of their label, `unsure` or `no match`.

        Args:
            folder: of pictures, and of folders of them.
            to: where to sort them; its `sorted.csv` says why, and `siam.undo_sort` takes it back.
            sure_only: False to put what is unsure to its label, too.
            move: take the pictures out of their folder.
            dry_run: only say what would be done.
            progress: told of pictures sorted.

        Raises:
            DataError: no such folder, or no picture in it.
            UsageError: it is to be sorted into itself, or into a run.
        """
        options = SortOptions(sure_only=sure_only, move=move, dry_run=dry_run)
        return sort_pictures(
            self._opened, Path(folder), Path(to), options=options, progress=progress
        )

    def to_label(
        self, folder: PathLike, *, count: int = 20, progress: Progress = silent
    ) -> list[Answer]:
        """Return what the run says of the pictures that it is worth most to label next.

        Least sure first, far from each other, one of near doubles; `run.index.add(answer.input,
        label=...)` labels one. Those that have a label in the index are left out.

        Args:
            folder: of pictures, and of folders of them.
            count: how many to return at most.
            progress: told of pictures looked at.

        Raises:
            DataError: no such folder, or no picture in it.
        """
        return pictures_to_label(self._opened, Path(folder), count=count, progress=progress)

    def audit(self, dataset: PathLike | None = None, *, progress: Progress = silent) -> Audit:
        """Find wrong labels, doubles and outliers in a data set, by this run's encoder.

        Args:
            dataset: as for `siam.train`; what the run was trained on when left out.
            progress: told of the work.

        Raises:
            DataError: the data set is not there or cannot be read.
            MissingExtraError: scikit-learn is not installed.
        """
        from siam.engine.api.audit import audit

        return audit(dataset, run=self._opened.path, quick=True, progress=progress)
