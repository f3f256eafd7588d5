"""Parsers of siam's own under a fuzzer that sees which branches it reached (Linux, `make atheris`).

    python atheris_parsers.py PARSER [libFuzzer's options, such as -max_total_time=60]

What ends otherwise than with an error of siam's family stops the session, and is kept in a file.
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["siam"]):
    from siam.datasets.idx import read_idx
    from siam.datasets.tables import read_table
    from siam.errors import SiamError
    from siam.index.filters import select
    from siam.runs.config import load_config
    from siam.runs.pack import open_pack, write_pack

FOLDER = Path(tempfile.mkdtemp(prefix="siam-atheris-"))


def idx(content: bytes) -> None:
    """An IDX file, gzipped or not."""
    path = FOLDER / "t10k"
    path.write_bytes(content)
    for dimensions in (1, 3):
        with contextlib.suppress(SiamError):
            read_idx(path, dimensions=dimensions)


def table(content: bytes) -> None:
    """A table of labels; the first byte says which kind."""
    path = FOLDER / ("table.tsv" if content[:1] < b"\x80" else "table.csv")
    path.write_bytes(content[1:])
    read_table(path)


def config(content: bytes) -> None:
    """A run's configuration."""
    (FOLDER / "config.toml").write_bytes(content)
    load_config(FOLDER)


def pack(content: bytes) -> None:
    """A packed run."""
    path = FOLDER / "x.siam"
    path.write_bytes(content)
    open_pack(path)


def where(content: bytes) -> None:
    """A filter."""
    select(CATALOGUE, content.decode("utf-8", "surrogateescape"))


CATALOGUE = sqlite3.connect(":memory:")
CATALOGUE.executescript("""
    CREATE TABLE items (id INTEGER PRIMARY KEY, key, label, origin, split, hash, meta);
    INSERT INTO items VALUES (1, 'k', '3', 'a.png', 'train', '', '{"lux": 40}');
""")
SEEDS = {
    "idx": bytes([0, 0, 8, 1, 0, 0, 0, 2, 5, 7]),
    "table": b" path\tlabel\tsplit\na.png\tcat\ttest\n",
    "config": b'[dataset]\nname = "a"\nsource = "a"\nfingerprint = ""\nclasses = ["a"]\n'
    b'groups = []\n[data]\n[train]\nseed = 1\n[prepare]\nchain = "none"\nsize = [8, 8]\n'
    b"channels = 1\n[recipe]\n",
    "where": b"not (label=3 or lux<'4') and split!=\"train\"",
}
PARSERS: dict[str, Callable[[bytes], None]] = {
    parser.__name__: parser for parser in (idx, table, config, pack, where)
}


def main() -> None:
    """Fuzz the parser that is named, until an option or Ctrl-C ends it."""
    name = sys.argv.pop(1)
    parser = PARSERS[name]
    seeds = FOLDER / "seeds"
    seeds.mkdir()
    if name == "pack":
        (FOLDER / "a").write_bytes(b"a")
        write_pack(seeds / "a", "a", {"a": FOLDER / "a"}, key=None)
    else:
        (seeds / "a").write_bytes(SEEDS[name])

    def one(content: bytes) -> None:
        with contextlib.suppress(SiamError):
            parser(content)

    atheris.Setup([*sys.argv, str(seeds)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
