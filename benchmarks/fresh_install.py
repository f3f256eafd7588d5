"""From Python alone to siam's first answer: a new environment, `pip install .`, a query.

    python benchmarks/fresh_install.py [--once] [--json]

Twice, and the second is given, by which pip has the packages in its cache: what a network takes is
nobody's but its own. `--once` leaves the first out. Of the megabytes, which pip and setuptools are
not among, a part is the Python that pip compiles.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from siam.parallel import cores

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "digit.jpg"
# What may point a new environment at this one, at runs that there are, or keep it from compiling.
OURS = ("PYTHON", "SIAM_", "VIRTUAL_ENV")
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
FOLDER = "Scripts" if os.name == "nt" else "bin"
SIZES = """
import importlib.metadata, json
print(json.dumps({
    one.name: sum(at.stat().st_size for at in map(one.locate_file, one.files or ()) if at.is_file())
    for one in importlib.metadata.distributions() if one.name not in ("pip", "setuptools")
}))
"""


def main() -> None:
    """Install and ask, twice, and print what each step of the second time took."""
    parser = argparse.ArgumentParser(description="From Python alone to the first answer.")
    parser.add_argument("--once", action="store_true", help="pip's cache is full already")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, no table")
    chosen = parser.parse_args()
    if not chosen.once:
        install()
    figures = install()
    if chosen.json:
        print(json.dumps({"schema": 1, "cores": cores(), **figures}, indent=2))
        return
    for step, seconds in figures["seconds"].items():
        print(f"{step:32} {seconds:8.2f} s")
    print(f"{'from Python alone to an answer':32} {sum(figures['seconds'].values()):8.2f} s")
    print(f"\n{figures['said']}\n")
    sizes = figures["bytes"]
    print(f"{'installed':32} {sum(sizes.values()) / 1e6:8.1f} MB")
    for name, size in sorted(sizes.items(), key=lambda pair: -pair[1])[:8]:
        print(f"{'  ' + name:32} {size / 1e6:8.1f} MB")


def install() -> dict[str, Any]:
    """Install siam as it was last committed into a new environment, and ask it about a photo.

    Returns:
        The seconds of each step, what the query said, and the bytes of each package.
    """
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "environment"
        source = Path(scratch) / "siam"  # where pip builds, it leaves what it built
        run(shutil.which("git") or "git", "clone", "--quiet", str(ROOT), str(source))
        python, siam = home / FOLDER / "python", home / FOLDER / "siam"
        steps = {
            "python -m venv": [sys.executable, "-m", "venv", str(home)],
            "pip install .": [str(python), "-m", "pip", "install", "--quiet", str(source)],
            "siam query examples/digit.jpg": [str(siam), "query", str(EXAMPLE)],
        }
        seconds, said = {}, ""
        for step, command in steps.items():
            # The bundled run is unpacked into a cache of this user's; pip's stays where it is.
            own = {"XDG_CACHE_HOME": scratch} if command[0] == str(siam) else {}
            started = time.perf_counter()
            said = run(*command, cwd=scratch, own=own)
            seconds[step] = time.perf_counter() - started
        sizes = json.loads(run(str(python), "-c", SIZES))
        return {"seconds": seconds, "said": said, "bytes": sizes}


def run(*command: str, cwd: str | None = None, own: dict[str, str] | None = None) -> str:
    """Run a command to its end and return what it said; one that fails ends this."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**ENVIRONMENT, **(own or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout.strip()


if __name__ == "__main__":
    main()
