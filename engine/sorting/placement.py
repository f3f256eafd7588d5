"""Which folder a picture goes to by its answer, and what it is called there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from siam.engine.answers.answer import Answer
from siam.pictures.names import path_of
from siam.runs.plain_files import is_plain_name

__all__ = ["VERDICT_FOLDERS", "folder_names", "free_place", "place_of"]

# Beside the folders of the labels, for what has no sure one.
VERDICT_FOLDERS = ("unsure", "no match")
_FORBIDDEN = re.compile(r'[<>:"\\|?*\x00-\x1f]')


def folder_names(labels: Iterable[str]) -> dict[str, str]:
    """Return a folder for each label that every system can make, no two the same on any.

    Args:
        labels: class names; one with "/" goes into a folder within a folder.

    Example:
        >>> folder_names(["cat", "Cat", "a/b", "..", "unsure"])
        {'cat': 'cat', 'Cat': 'Cat-2', 'a/b': 'a/b', '..': '_.._', 'unsure': 'unsure-2'}
    """
    taken = set(VERDICT_FOLDERS)
    names: dict[str, str] = {}
    for label in labels:
        wanted = "/".join(map(plain_part, label.split("/")))
        number, name = 1, wanted
        while name.casefold() in taken:
            number += 1
            name = f"{wanted}-{number}"
        taken.add(name.casefold())
        names[label] = name
    return names


def plain_part(part: str) -> str:
    """Return a name that any system can call a folder."""
    part = _FORBIDDEN.sub("_", part)
    if is_plain_name(part):
        return part
    return f"_{part}" if is_plain_name(f"_{part}") else f"_{part}_"


def place_of(answer: Answer, names: Mapping[str, str], *, sure_only: bool) -> str:
    """Return the folder that an answer sends its picture to.

    Args:
        answer: of a run.
        names: the folder of each label.
        sure_only: False to put what is unsure to its label, too.
    """
    words = {"match"} if sure_only else {"match", "unsure"}
    if answer.label and answer.verdict in words:
        return names[answer.label]
    return "no match" if answer.verdict == "no match" else "unsure"


def free_place(folder: str, name: str, taken: dict[str, set[str]], root: Path) -> str:
    """Return `folder/name`, numbered where that is taken on disk or by an earlier picture.

    Args:
        folder: below `root`, "/" between the parts.
        name: of the file.
        taken: names by folder, in small letters; filled as folders are asked about.
        root: the folder that is sorted into.
    """
    if folder not in taken:
        try:
            taken[folder] = {entry.casefold() for entry in os.listdir(root / path_of(folder))}
        except FileNotFoundError:
            taken[folder] = set()
    stem, suffix = os.path.splitext(name)
    number, free = 1, name
    while free.casefold() in taken[folder]:
        number += 1
        free = f"{stem}-{number}{suffix}"
    taken[folder].add(free.casefold())
    return f"{folder}/{free}"
