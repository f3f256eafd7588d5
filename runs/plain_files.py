"""A run holds plain files and folders: what else lies in one is refused before it is opened.

A run may come from anybody. Through a link in it siam would write, and empty, files that lie
elsewhere; a pipe or a device would never end.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from siam.errors import RunError

__all__ = ["MOST", "check_plain_files", "is_plain_name"]

# A run of siam's has a few dozen.
MOST = 10_000
# What no file may be called on one system or another; a run may be moved to any of them.
UNUSABLE = re.compile(
    r'[.-].*|.*[<>:"/\\|?*\x00-\x1f].*|.*[. ]|(con|prn|aux|nul|com\d|lpt\d)(\..*)?', re.I | re.S
)


def is_plain_name(name: str) -> bool:
    """Tell whether any system can call a file so.

    Example:
        >>> is_plain_name("mnist-1"), is_plain_name("../mnist"), is_plain_name("nul.txt")
        (True, False, False)
    """
    return name != "" and not UNUSABLE.fullmatch(name)


def check_plain_files(run: Path) -> None:
    """Look at every name in a run's folder, and open nothing.

    Args:
        run: the folder, which itself may be reached through a link.

    Raises:
        RunError: it holds a link, a pipe or a device, or more files than a run has.
    """
    folders, count = [os.fspath(run)], 0
    while folders:
        # An index that is written to loses folders at any moment.
        with contextlib.suppress(FileNotFoundError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                count += 1
                if count > MOST:
                    raise RunError(
                        f"{run} holds more than {MOST:,} files, so it is no run of siam's.",
                        "Take out what does not belong to it.",
                    )
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif not entry.is_file(follow_symlinks=False):
                    what = "a link" if entry.is_symlink() else "no plain file"
                    raise RunError(
                        f"{entry.path} is {what}, which a run of siam's does not hold.",
                        f"If you trust it, copy what it points to:  cp -rL {run} COPY",
                    )
