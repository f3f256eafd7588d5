"""Carry out an audit's proposals on a copy of the data set; the data set itself stays as it is."""

from __future__ import annotations

import csv
import io
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from siam.atomic import write_text
from siam.datasets.layout import Entry, PictureSet, arrange
from siam.datasets.load import NAMES, holds_picture_files, open_pictures
from siam.datasets.tables import is_table
from siam.engine.answers.outputs import check_output
from siam.engine.answers.result_files import as_text
from siam.engine.audit.findings import read_fixes
from siam.engine.sorting.placement import free_place, plain_part
from siam.engine.sorting.transfer import copy_file
from siam.errors import DataError, PictureError, UsageError
from siam.pictures.names import path_of, to_label, to_text
from siam.progress import Progress, silent
from siam.runs.config import dataset_word, load_config
from siam.runs.runs_folder import find_run

__all__ = ["MendedCopy", "apply_fixes"]

TABLE = "labels.csv"


@dataclass(frozen=True)
class MendedCopy:
    """What was copied.

    Attributes:
        to: the new folder.
        copied: pictures in it.
        relabelled: of these, those under another label.
        left_out: pictures that are not in it, as was proposed.
        unreadable: paths of pictures that could not be copied.
    """

    to: Path
    copied: int
    relabelled: int
    left_out: int
    unreadable: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as `siam audit --apply --json` documents it."""
        return {
            "to": to_text(str(self.to)),
            "copied": self.copied,
            "relabelled": self.relabelled,
            "left_out": self.left_out,
            "unreadable": list(self.unreadable),
        }


def apply_fixes(
    fixes: Path,
    to: Path,
    *,
    dataset: str | None = None,
    run: str | None = None,
    progress: Progress = silent,
) -> MendedCopy:
    """Copy a data set as the proposals of an audit would have it.

    A picture of another label goes to the folder of that class; one that is left out is not
    copied. A table's pictures keep their places, and `labels.csv` in the copy labels them.

    Args:
        fixes: of `siam audit --csv`, perhaps with rows taken out or proposals changed.
        to: the folder to make; it must not be there, or be empty.
        dataset: the folder, .zip or table that was audited; that of the run when left out.
        run: a run's name or path; the newest finished run when left out.
        progress: told of pictures copied.

    Raises:
        RunError: no data set was named, and there is no such run.
        DataError: the table or the data set cannot be read, or the one names pictures that the
            other has not.
        UsageError: the data set has no files, or there is something at `to`.
    """
    config = load_config(find_run(run)) if dataset is None or run is not None else None
    if dataset is None:
        dataset = (config.data.dataset if config else None) or NAMES[0]
    own = config is not None and config.data.dataset == dataset_word(dataset)
    classes_from = config.data.classes_from if config and own else None
    source = Path(dataset).expanduser()
    if dataset in NAMES or not source.exists() or not holds_picture_files(source):
        raise UsageError(
            f"{dataset} is no folder, .zip or table of picture files, so there is none to copy.",
            "Name the data set that was audited:  siam audit DATASET --apply FIXES --to FOLDER",
        )
    check_place(to, source)
    wanted = read_fixes(fixes)
    to.parent.mkdir(parents=True, exist_ok=True)
    with open_pictures(source) as files:
        layout = files.layout or arrange(files.listing.pictures, classes_from=classes_from)
        entries = {to_text(entry.path): entry for entry in layout.entries}
        known = {*entries, *map(to_text, files.listing.pictures)}
        known |= {to_text(skip.path) for skip in files.listing.skipped}
        if unknown := sorted(wanted.keys() - known):
            raise DataError(
                f"{fixes} names {len(unknown):,} pictures that {dataset} has not, such as "
                f"{unknown[0]}.",
                "Name the data set that was audited:  siam audit DATASET --apply FIXES --to FOLDER",
            )
        # Made beside its place, so that it is there whole or not at all.
        made = Path(tempfile.mkdtemp(prefix=f".{to.name}-", dir=to.parent))
        try:
            done = copy_pictures(files, entries, wanted, made, progress)
            if is_table(source):
                write_text(made / TABLE, labels_of(entries, wanted, done))
            shutil.copymode(to.parent, made)
            if to.exists():
                to.rmdir()
            os.rename(made, to)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
    moved = sum(1 for path in done if wanted.get(path) not in (None, entries[path].class_name))
    left_out = sum(1 for path in entries if path in wanted and wanted[path] is None)
    missing = tuple(p for p in entries if p not in done and wanted.get(p, "") is not None)
    return MendedCopy(to, len(done), moved, left_out, missing)


def check_place(to: Path, source: Path) -> None:
    """Refuse a place where something is, one in a run, or one in the data set itself."""
    check_output(to / TABLE)
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise UsageError(f"There is something at {to} already.", "Name a folder that is new.")
    if source.is_dir() and to.resolve().is_relative_to(source.resolve()):
        raise UsageError(
            f"{to} lies in the data set {source}, of which it would become a part.",
            "Name a folder outside of it.",
        )


def copy_pictures(
    files: PictureSet,
    entries: Mapping[str, Entry],
    wanted: Mapping[str, str | None],
    made: Path,
    progress: Progress,
) -> dict[str, str]:
    """Copy what is not left out; return where each went, by its path."""
    places: dict[str, str] = {}
    taken: dict[str, set[str]] = {}
    # Those that stay keep their names; the others are numbered where theirs is taken.
    order = sorted(entries, key=lambda path: path in wanted)
    in_folders = files.layout is None
    homes = class_folders(entries) if in_folders else {}
    for done, path in enumerate(order, start=1):
        entry = entries[path]
        label = wanted.get(path, entry.class_name)
        if label is not None:
            place = place_inside(to_text(entry.path))
            if in_folders and label != entry.class_name:
                place = relocate(entry, label, homes)
            folder, _, name = place.rpartition("/")
            place = free_place(folder or ".", name, taken, made)
            try:
                put(files.fetch(entry.path), made, place)
            except (PictureError, OSError):
                progress("Copying", done, len(order))
                continue
            places[path] = place
        progress("Copying", done, len(order))
    return places


def place_inside(path: str) -> str:
    """Return where a picture goes in the copy: a table may name one that lies elsewhere.

    Example:
        >>> place_inside("cat/1.png"), place_inside("../more/2.png"), place_inside("/a/C:/3.png")
        ('cat/1.png', 'more/2.png', 'a/C_/3.png')
    """
    parts = [part for part in PurePosixPath(path).parts if part not in ("..", "/", "//")]
    return "/".join(plain_part(part) if ":" in part else part for part in parts)


def put(content: Path | bytes, made: Path, place: str) -> None:
    """Write a picture to a place where there is none."""
    target = made / path_of(place)
    if isinstance(content, Path):
        copy_file(content, target)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(content)


def class_folders(entries: Mapping[str, Entry]) -> dict[tuple[str, str], str]:
    """Return the folder of each class in each split, by (split, class)."""
    homes: dict[tuple[str, str], str] = {}
    for entry in entries.values():
        above, own, _ = parts_of(entry)
        homes.setdefault((entry.part, entry.class_name), "/".join((*above, *own)))
    return homes


def relocate(entry: Entry, label: str, homes: Mapping[tuple[str, str], str]) -> str:
    """Return where a picture of another label goes; a class that is new gets a folder beside."""
    above, _, below = parts_of(entry)
    home = homes.get((entry.part, label))
    if home is None:
        home = "/".join((*above, *map(plain_part, label.split("/"))))
    return "/".join((home, *below))


def parts_of(entry: Entry) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the folders above those of the class, these, and what is below, as text."""
    parts = PurePosixPath(entry.path).parts
    depth = entry.class_name.count("/") + 1
    labels = [to_label(part) for part in parts[:-1]]
    start = next(
        at for at in range(len(parts)) if "/".join(labels[at : at + depth]) == entry.class_name
    )
    texts = tuple(map(to_text, parts))
    return texts[:start], texts[start : start + depth], texts[start + depth :]


def labels_of(
    entries: Mapping[str, Entry], wanted: Mapping[str, str | None], places: Mapping[str, str]
) -> str:
    """Return the copy's own table of labels."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("path", "label", "split"))
    for path, place in places.items():
        entry = entries[path]
        label = wanted.get(path) or entry.class_name
        writer.writerow([place if place == as_text(place) else f"./{place}", label, entry.part])
    return text.getvalue()
