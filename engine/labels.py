"""What a run's training would take picture files for: the labels that every command gives them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from siam.datasets.layout import Entry, arrange, class_depth
from siam.datasets.tables import is_table, read_table
from siam.pictures.names import to_label, to_text

if TYPE_CHECKING:
    from siam.runs.config import RunConfig

__all__ = ["label_files"]


def label_files(folder: Path, paths: Sequence[str], config: RunConfig) -> dict[str, Entry]:
    """Return the class and split of files, by path; one that is not there has no label.

    In the run's own data set they are what they were in training, also where only a part of it is
    asked about; any other folder is read as a data set of its own, classes as deep as the run's.

    Args:
        folder: that was named.
        paths: of pictures in and below it, with "/" between the parts.
        config: the run's.

    Raises:
        DataError: the run's table of labels cannot be read.
    """
    root, source = Path(to_text(str(folder.resolve()))), Path(config.source)
    own = source.is_absolute() and root.is_relative_to(source)
    above = root.relative_to(source).as_posix() if own and root != source else ""
    whole = {f"{above}/{path}" if above else path: path for path in paths}
    table = Path(config.data.dataset or "")
    if own and is_table(table) and table.is_file():
        told = {entry.path: entry for entry in read_table(table) if entry.class_name}
        return {path: told[name] for name, path in whole.items() if name in told}
    entries = arrange(list(whole), classes_from=config.data.classes_from).by_path()
    if above:
        # A part of the data set does not show how deep its classes lie; their names do.
        for name in whole:
            if trained := _trained_class(name, config):
                entries[name] = Entry(name, "train", trained, None)
    return {path: entries[name] for name, path in whole.items() if name in entries}


def _trained_class(path: str, config: RunConfig) -> str | None:
    """Return the outermost of a file's folders that the run knows as a class."""
    depth = class_depth(config.data.classes_from or "1")
    folders = [to_label(folder) for folder in PurePosixPath(path).parts[:-1]]
    names = ("/".join(folders[at : at + depth]) for at in range(len(folders) - depth + 1))
    return next((name for name in names if name in config.classes), None)
