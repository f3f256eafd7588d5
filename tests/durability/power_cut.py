"""What a disk holds after a power cut: a record of file operations, less what was not flushed.

A file's content is safe once the file was flushed, a name once its folder was; what came later
may have reached the disk or not, in any order, as POSIX allows and no file system is kind enough
to promise otherwise. Writes of a file that were not flushed reach it up to some point at most.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

from shim import Operation

# Shared memory of SQLite, not for the disk: it is made again by whoever opens the database first.
PASSING = "-shm"
SURVIVAL = ("nothing", "names", "some")


@dataclass(eq=False)
class File:
    """A file: its content, what of it is safe, and the changes in between."""

    content: bytearray = field(default_factory=bytearray)
    safe: bytes = b""
    pending: list[Operation] = field(default_factory=list)


@dataclass(eq=False)
class Folder:
    """A folder: its entries, and those that are safe."""

    entries: dict[str, File | Folder] = field(default_factory=dict)
    safe: dict[str, File | Folder] = field(default_factory=dict)


class Disk:
    """A folder's files as operations change them, and as a power cut would leave them.

    Args:
        root: a folder whose present content is safe.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.top = self._read(root)

    def _read(self, place: Path) -> Folder:
        folder = Folder()
        for path in place.iterdir():
            if path.is_dir():
                folder.entries[path.name] = self._read(path)
            else:
                content = path.read_bytes()
                folder.entries[path.name] = File(bytearray(content), content)
        folder.safe = dict(folder.entries)
        return folder

    def _find(self, path: str) -> tuple[Folder, str]:
        """Return the folder that holds a path's last part, and that part."""
        *above, name = Path(path).relative_to(self.root).parts
        folder = self.top
        for part in above:
            entry = folder.entries[part]
            assert isinstance(entry, Folder)
            folder = entry
        return folder, name

    def apply(self, operation: Operation) -> None:
        """Change the files as an operation did."""
        if operation.what == "note" or operation.path.endswith((PASSING, " (deleted)")):
            return
        if Path(operation.path) == self.root:
            self.top.safe = dict(self.top.entries)
            return
        folder, name = self._find(operation.path)
        if operation.what == "make":
            folder.entries[name] = File()
        elif operation.what == "folder":
            folder.entries[name] = Folder()
        elif operation.what == "remove":
            del folder.entries[name]
        elif operation.what == "rename":
            target, new = self._find(operation.other)
            target.entries[new] = folder.entries.pop(name)
        else:
            _change(folder.entries[name], operation)

    def write(self, target: Path, survival: str, chance: random.Random) -> None:
        """Make the folder that a power cut at this moment leaves.

        Args:
            target: must not exist.
            survival: of what was not flushed, "nothing" is there; or "names" are, and no content;
                or "some" of both.
            chance: chooses.
        """
        _write(self.top, target, survival, chance)


def _change(entry: File | Folder, operation: Operation) -> None:
    if isinstance(entry, Folder):
        assert operation.what == "flush", operation
        entry.safe = dict(entry.entries)
    elif operation.what == "flush":
        entry.safe, entry.pending = bytes(entry.content), []
    else:
        _edit(entry.content, operation)
        entry.pending.append(operation)


def _edit(content: bytearray, operation: Operation) -> None:
    end = operation.offset + len(operation.data)  # a cut file has neither
    if operation.what == "write":
        content.extend(bytes(max(0, end - len(content))))
        content[operation.offset : end] = operation.data
    else:
        content.extend(bytes(max(0, end - len(content))))
        del content[end:]


def _write(folder: Folder, target: Path, survival: str, chance: random.Random) -> None:
    target.mkdir()
    newest = survival == "names" or (survival == "some" and chance.random() < 0.5)
    for name, entry in (folder.entries if newest else folder.safe).items():
        if isinstance(entry, Folder):
            _write(entry, target / name, survival, chance)
            continue
        content = bytearray(entry.safe)
        if survival == "some":
            for operation in entry.pending[: chance.randint(0, len(entry.pending))]:
                _edit(content, operation)
        (target / name).write_bytes(content)
