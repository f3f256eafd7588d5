"""The shim `file_operations.c`: compiled, preloaded, armed in a forked child, its journal read.

Where it is armed, the operations on files below one folder are counted, and one of them, or all
from one on, is where the process is killed, a write is torn, or the disk fails.
"""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("file_operations.c")
# As `file_operations.c` numbers them, and what the system says of a disk that fails.
MODES = {
    "record": (1, 0),
    "kill": (2, 0),  # before the operation
    "tear": (3, 0),  # in the midst of it, where it writes
    "EIO": (4, errno.EIO),  # this operation alone
    "ENOSPC": (5, errno.ENOSPC),  # this one and all that follow
}
THREADS = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
)
PRELOAD, LIBRARY = "LD_PRELOAD", "file_operations.so"


@dataclass(frozen=True)
class Operation:
    """What changed a disk, or had it changed for good.

    Attributes:
        number: how many there were before it, and itself.
        what: make, cut, write, resize, flush, folder, rename or remove; or a note of the program.
        path: the file or folder; a note's text.
        other: what it is renamed to.
        offset: where `data` is written, or the size a file is given.
        data: what is written.
    """

    number: int
    what: str
    path: str
    other: str = ""
    offset: int = 0
    data: bytes = b""


def compile_shim(folder: Path) -> Path:
    """Compile the shim into a folder; a machine without a C compiler fails here, and says so."""
    library = folder / LIBRARY
    command = ["cc", "-O1", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    return library


def begin_again_preloaded() -> None:
    """Begin this process anew with the shim in it, unless it is."""
    if Path(os.environ.get(PRELOAD, "")).name == LIBRARY:
        return
    library = compile_shim(Path(tempfile.mkdtemp()))
    one_thread = dict.fromkeys(THREADS, "1")
    environment = {**os.environ, **one_thread, PRELOAD: str(library)}
    os.execve(sys.executable, [sys.executable, *sys.argv], environment)


def preloaded() -> ctypes.CDLL:
    """Return the shim that this process was begun with."""
    return ctypes.CDLL(os.environ[PRELOAD])


def arm(folder: Path, mode: str, *, at: int = 0, journal: Path | None = None) -> None:
    """Have operations below a folder counted from now on.

    Args:
        folder: absolute, without links.
        mode: of `MODES`.
        at: the operation where it happens, 1 = the first.
        journal: the file that "record" writes; outside of `folder`.
    """
    number, error = MODES[mode]
    target = os.fsencode(journal) if journal else b""
    preloaded().arm(os.fsencode(folder), target, number, ctypes.c_long(at), error)


def jump_clock(seconds: int) -> None:
    """Have the time of day jump back by so many seconds, and forward again, at every look."""
    preloaded().jump_clock(ctypes.c_long(seconds))


def note(text: str) -> None:
    """Put a line of the program's own into the journal."""
    preloaded().note(text.encode())


def read_journal(path: Path) -> list[Operation]:
    """Return the operations that a journal holds, in their order."""
    operations = []
    with path.open("rb") as source:
        while head := source.readline():
            number, what, place, other, offset, size = head.decode().rstrip("\n").split("\t")
            data = source.read(int(size))
            operations.append(Operation(int(number), what, place, other, int(offset), data))
    return operations
