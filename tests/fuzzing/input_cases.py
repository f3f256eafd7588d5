"""Cases of a fuzzing session: files of pictures, of arrays, of data sets and tables of labels."""

from __future__ import annotations

import csv
import gzip
import io
import os
import random
import struct
import zipfile
from pathlib import Path

import numpy as np
import pillow_heif
from mutate import VALUES, mutate
from PIL import Image

KINDS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "AVIF", "HEIF")


def picture(run: Path, draw: random.Random) -> list[str]:
    """A picture file of any kind."""
    kind = draw.choice(KINDS)
    if kind == "HEIF":
        pillow_heif.register_heif_opener()
    content = io.BytesIO()
    Image.open("a.png").save(content, kind)
    Path("c.png").write_bytes(mutate("c", content.getvalue(), draw))
    return draw.choice(
        [
            ["query", "c.png"],
            ["query", "c.png", "a.png", "--json"],
            ["verify", "a.png", "c.png"],
            ["index", "add", "c.png", "--label", "x"],
            ["query", "c.png", "--each"],
        ]
    )


def arrays(run: Path, draw: random.Random) -> list[str]:
    """An .npz file of pictures."""
    whole = zipfile.ZipFile("x.npz")
    content = {name: whole.read(name) for name in whole.namelist()}
    if draw.random() < 0.5:  # inside, with an archive that is whole
        name = draw.choice(list(content))
        content[name] = mutate(name, content[name], draw)
    method = draw.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA))
    with zipfile.ZipFile("y.npz", "w", method) as archive:
        for name, member in content.items():
            archive.writestr(name, member)
    if draw.random() < 0.6:
        Path("y.npz").write_bytes(mutate("y", Path("y.npz").read_bytes(), draw))
    return draw.choice(
        [["query", "y.npz"], ["embed", "y.npz", "--out", "o.npz"], ["index", "add", "y.npz"]]
    )


def data_set(run: Path, draw: random.Random) -> list[str]:
    """A ZIP archive of pictures, or an IDX folder."""
    if draw.random() < 0.5:
        with zipfile.ZipFile("set.zip", "w", draw.choice((8, 12, 14))) as archive:
            for path in sorted(Path("photos").rglob("*.png")):
                archive.write(path)
        Path("set.zip").write_bytes(mutate("z", Path("set.zip").read_bytes(), draw))
        return ["embed", "set.zip:test", "--out", "o.npz"]
    folder = Path("idx")
    folder.mkdir(exist_ok=True)
    for part in ("train", "t10k"):
        for name, shape in (("images-idx3", (30, 8, 8)), ("labels-idx1", (30,))):
            content = bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)
            content += np.tile(np.arange(10, dtype=np.uint8), 192)[: int(np.prod(shape))].tobytes()
            if draw.random() < 0.3:
                content = mutate("i", content, draw)
            packed = gzip.compress(content)
            if draw.random() < 0.3:
                packed = mutate("i", packed, draw)
            (folder / f"{part}-{name}-ubyte.gz").write_bytes(packed)
    return ["embed", "idx:test", "--out", "o.npz"]


def table(run: Path, draw: random.Random) -> list[str]:
    """A table of paths and labels, as text or as Parquet."""
    rows = [(str(path), path.parent.name, "") for path in sorted(Path("photos").rglob("*.png"))]
    for _ in range(draw.choice((0, 1, 3))):
        row = list(draw.choice(rows))
        row[draw.randrange(3)] = str(draw.choice(VALUES))
        rows.insert(draw.randrange(len(rows)), (row[0], row[1], row[2]))
    path = Path(draw.choice(("table.csv", "table.tsv", "table.parquet")))
    if path.suffix == ".parquet":
        write_parquet(path, rows)
    else:
        text = io.StringIO()
        writer = csv.writer(text, delimiter="," if path.suffix == ".csv" else "\t")
        writer.writerows([("path", "label", "split"), *rows])
        path.write_text(text.getvalue(), "utf-8", "replace")
    if draw.random() < 0.7:
        path.write_bytes(mutate("t", path.read_bytes(), draw))
    return draw.choice(
        [["index", "add", str(path)], ["index", "sync", str(path)], ["embed", f"{path}:test"]]
    )


def write_parquet(path: Path, rows: list[tuple[str, str, str]]) -> None:
    """Write a table as Parquet, in a process of its own: pyarrow sets a gigabyte aside."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    import pyarrow
    from pyarrow import parquet

    columns = [
        pyarrow.array([cell.encode("utf-8", "replace") for cell in column]).cast(pyarrow.string())
        for column in zip(*rows, strict=True)
    ]
    parquet.write_table(pyarrow.table(columns, ["path", "label", "split"]), path)
    os._exit(0)
