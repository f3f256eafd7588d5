"""Sort a folder of pictures into a folder per answer; interrupted and run again, it goes on."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from siam.engine.answers.answer import Answer
from siam.engine.answers.outputs import check_output
from siam.engine.open_run import OpenRun
from siam.engine.query import QueryOptions, query_pictures
from siam.engine.reading import Source
from siam.engine.sorting.placement import folder_names, free_place, place_of
from siam.engine.sorting.sort_table import (
    TABLE,
    How,
    Row,
    append_rows,
    hold,
    name_of,
    read_rows,
    write_rows,
)
from siam.engine.sorting.transfer import copy_file, is_cut_off, move_file
from siam.errors import UsageError
from siam.index.summary import summarise
from siam.parallel import parallel_map, portions
from siam.pictures.folder_walk import walk_folder
from siam.pictures.names import to_text
from siam.pictures.reading import Skipped
from siam.progress import Progress, silent

__all__ = ["SortOptions", "Sorting", "sort_pictures"]

# Rows that are written, and flushed, before their pictures are.
PORTION = 256
AHEAD = 32


@dataclass(frozen=True)
class SortOptions:
    """What goes where, and how.

    Attributes:
        sure_only: False to put what is unsure to its label, too.
        move: take the pictures out of their folder; a link is copied all the same, and stays.
        dry_run: only say what would be done.
        query: how the answers are decided upon; who the neighbours are is not asked.
    """

    sure_only: bool = True
    move: bool = False
    dry_run: bool = False
    query: QueryOptions = QueryOptions()


@dataclass(frozen=True)
class Sorting:
    """What was sorted.

    Attributes:
        run: the run's name.
        to: the folder that was sorted into.
        table: of every picture, where it went and why.
        moved: whether pictures were moved; copied otherwise.
        counts: pictures by folder, the earlier ones included; most first.
        earlier: pictures that lay there from an earlier, perhaps interrupted, sorting.
        skipped: what could not be read, and stays where it is.
        written: False where it was only said what would be done.
    """

    run: str
    to: Path
    table: Path
    moved: bool
    counts: dict[str, int]
    earlier: int
    skipped: tuple[Skipped, ...]
    written: bool

    def to_dict(self) -> dict[str, Any]:
        """Return it as `siam sort --json` documents it."""
        return {
            "run": self.run,
            "to": to_text(str(self.to)),
            "table": to_text(str(self.table)),
            "moved": self.moved,
            "written": self.written,
            "counts": self.counts,
            "earlier": self.earlier,
            "skipped": [{"input": skip.path, "error": skip.reason} for skip in self.skipped],
        }


def sort_pictures(
    run: OpenRun,
    folder: Path,
    to: Path,
    *,
    options: SortOptions = SortOptions(),
    progress: Progress = silent,
) -> Sorting:
    """Copy or move every picture below a folder into a folder of its label, `unsure` or `no match`.

    Nothing is written over: a picture whose name is taken gets a number. Where each went, and why,
    stands in a table beside them, which `undo_sort` takes back; a picture that stands in it already
    is not asked about again.

    Args:
        run: an opened run.
        folder: of pictures, and of folders of them.
        to: where to sort them, made where it is missing; pictures in it are not sorted.
        options: what goes where, and how.
        progress: told of pictures sorted.

    Raises:
        DataError: no such folder, or no picture in it.
        UsageError: it is to be sorted into itself, into a run, or is being sorted now.
    """
    if to.resolve() == folder.resolve():
        raise UsageError(f"{folder} cannot be sorted into itself.", "Name another with --to.")
    check_output(to / TABLE)
    sources = pictures_outside(folder, to)
    if options.dry_run:
        return sort_rest(run, sources, to, options, progress)
    to.mkdir(parents=True, exist_ok=True)
    with hold(to):
        return sort_rest(run, sources, to, options, progress)


def pictures_outside(folder: Path, to: Path) -> list[tuple[str, Source]]:
    """Return the (name, source) of what lies below a folder, but not in the one sorted into."""
    listing, inside = walk_folder(folder), to.resolve()
    files = [folder / picture for picture in listing.pictures]
    if inside.is_relative_to(folder.resolve()):
        files = [file for file in files if not file.resolve().is_relative_to(inside)]
    return [
        *((name_of(file), file) for file in files),
        *((name_of(folder / skip.path), skip) for skip in listing.skipped),
    ]


def sort_rest(
    run: OpenRun,
    sources: list[tuple[str, Source]],
    to: Path,
    options: SortOptions,
    progress: Progress,
) -> Sorting:
    """Sort what the table does not name: ask, write rows, then transfer, some hundred at a time."""
    table = to / TABLE
    earlier = [row for row in read_rows(table) if row.to] if table.exists() else []
    if table.exists() and not options.dry_run:
        write_rows(table, earlier)  # without what a kill cut off, and without the unreadable
        for row in earlier:
            finish(row, to)
    known = {row.path for row in earlier}
    waiting = [entry for entry in sources if entry[0] not in known]
    names = folder_names(sorted(label for label in summarise(run.gallery).labels if label))
    query = replace(options.query, neighbours=False)
    answers = query_pictures(run, waiting, options=query)
    counts = Counter(row.to.rpartition("/")[0] for row in earlier)
    taken: dict[str, set[str]] = {}
    skipped: list[Skipped] = []
    done = 0
    for portion in portions(zip(waiting, answers, strict=True), PORTION):
        rows = []
        for (path, source), answer in portion:
            if not isinstance(answer, Answer):
                skipped.append(Skipped(path, answer.error))
                rows.append(Row(path, "", "", "", "", answer.error, "unreadable"))
                continue
            folder = place_of(answer, names, sure_only=options.sure_only)
            counts[folder] += 1
            place = free_place(folder, os.path.basename(path), taken, to)
            moves = options.move and isinstance(source, Path) and not source.is_symlink()
            rows.append(row_of(path, place, answer, "moved" if moves else "copied"))
        if not options.dry_run:
            append_rows(table, rows)
            # By every core: making a file is the system's work, and the disk's.
            for _ in parallel_map(partial(transfer, to=to), rows, ahead=AHEAD):
                pass
        done += len(portion)
        progress("Sorting", done, len(waiting))
    ordered = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    written = not options.dry_run
    return Sorting(
        run.name, to, table, options.move, ordered, len(earlier), tuple(skipped), written
    )


def row_of(path: str, place: str, answer: Answer, how: How) -> Row:
    """Return a picture's row of the table."""
    probability = f"{answer.probability:.6f}"
    return Row(path, place, answer.verdict, answer.label or "", probability, answer.reason, how)


def finish(row: Row, to: Path) -> None:
    """Do what an interrupted sorting had still to do of a row."""
    source, target = row.source, row.target(to)
    if source.exists():
        if target.exists() and is_cut_off(target, source):
            target.unlink()
        if not os.path.lexists(target):
            transfer(row, to)


def transfer(row: Row, to: Path) -> None:
    """Put one picture where its row says."""
    if row.to:
        (move_file if row.how == "moved" else copy_file)(row.source, row.target(to))
