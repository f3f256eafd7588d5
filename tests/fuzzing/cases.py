"""Cases of a fuzzing session: something hostile is laid out, and a command is run on it."""

from __future__ import annotations

import contextlib
import io
import random
import shutil
import sqlite3
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
from input_cases import arrays, data_set, picture, table
from mutate import VALUES, WORDS, mutate

from siam.atomic import sha256
from siam.index.gallery import Gallery
from siam.index.stores.faiss_files import fingerprint
from siam.runs.pack import write_pack

Case = Callable[[Path, random.Random], list[str]]

TABLES = {
    "settings": ("name", "value"),
    "state": ("generation", "stamp", "count", "uuid"),
    "items": ("id", "key", "label", "origin", "split", "hash", "stat", "meta"),
    "vectors": ("id", "vector", "checksum"),
    "thumbnails": ("id", "picture"),
    "commits": ("generation", "stamp"),
    "changes": ("generation", "id"),
    "sqlite_sequence": ("name", "seq"),
    "sqlite_schema": ("type", "name", "tbl_name", "rootpage", "sql"),
}
OPTIONS = (
    *("--where", "--within", "--box", "-k", "--far", "--threshold", "--rotate"),
    *("--out", "--sheet", "--run"),
)
CELLS = (
    *(None, 0, -1, 1 << 62, (1 << 63) - 1, -(1 << 63), 0.5, 1e300, "", "x", "9" * 40, "[1]", "{"),
    *(b"", b"\x00\xff", bytes(60), bytes(256), b"\xff" * 256, "CREATE VIEW v AS SELECT 1", "{}"),
)


def reading(draw: random.Random) -> list[str]:
    """A command that reads a run; the slow one seldom."""
    if draw.random() < 0.01:
        return ["evaluate"]
    return draw.choice(
        [
            ["query", "a.png"],
            ["query", "a.png", "b.png", "-k", "2000", "--json"],
            ["query", "--like", "5", "--where", "label=3"],
            ["query", "x.npz", "--out", "out.csv"],
            ["query", "a.png", "--sheet", "sheet.png"],
            ["verify", "a.png", "b.png"],
            ["embed", "a.png", "--out", "out.npz"],
            ["index", "info"],
            ["index", "verify"],
            ["index", "verify", "--repair"],
            ["index", "add", "a.png", "--label", "new"],
            ["index", "sync", "photos"],
            ["index", "remove", "--label", "3"],
            ["runs"],
            ["runs", "--json"],
        ]
    )


def run_file(run: Path, draw: random.Random) -> list[str]:
    """A file of the run; mostly with a manifest that vouches for it."""
    names = ["config.toml", "calibration.json", "metrics.json", "held_out.npz", "encoder.tflite"]
    path = run / draw.choice([*names, "manifest.json"])
    path.write_bytes(mutate(path.name, path.read_bytes(), draw))
    if path.name in names and draw.random() < 0.9:
        vouch(run, path)
    if path.name in ("held_out.npz", "metrics.json") and draw.random() < 0.2:
        return ["evaluate"]
    return reading(draw)


def vouch(run: Path, path: Path) -> None:
    """Write a file's hash into the manifest, as who forges a run would."""
    manifest = msgspec.json.decode((run / "manifest.json").read_bytes())
    manifest["files"][path.name] = sha256(path)
    (run / "manifest.json").write_bytes(msgspec.json.encode(manifest))


def catalogue_bytes(run: Path, draw: random.Random) -> list[str]:
    """The catalogue's own bytes, or a log beside it."""
    path = run / "index" / "catalogue.sqlite"
    if draw.random() < 0.2:
        log = path.with_name(f"{path.name}-wal")
        log.write_bytes(b"\x37\x7f\x06\x82" + draw.randbytes(5000))
    else:
        path.write_bytes(mutate(path.name, path.read_bytes(), draw))
    return reading(draw)


def catalogue_rows(run: Path, draw: random.Random) -> list[str]:
    """Values of the catalogue, of any type in any column."""
    connection = sqlite3.connect(run / "index" / "catalogue.sqlite")
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("PRAGMA ignore_check_constraints = ON")
    for _ in range(draw.choice((1, 1, 3))):
        table = draw.choice(list(TABLES))
        column = draw.choice(TABLES[table])
        first = draw.choice(("WHERE true", f"WHERE {TABLES[table][0]} > 1400", "LIMIT 1"))
        with contextlib.suppress(sqlite3.Error):
            if draw.random() < 0.15:
                connection.execute(f"DELETE FROM {table} {first.replace('LIMIT 1', '')}")
            else:
                connection.execute(
                    f"UPDATE {table} SET {column} = ? {first.replace('LIMIT 1', '')}",
                    (draw.choice(CELLS),),
                )
    with contextlib.suppress(sqlite3.Error):
        connection.commit()
    connection.close()
    return reading(draw)


def accelerator(run: Path, draw: random.Random) -> list[str]:
    """A file of the vector store, with a manifest that vouches for it."""
    with Gallery.open(run / "index") as gallery:
        gallery.configure(kind=draw.choice(("flat", "hnsw", "IVF16,Flat", "SQ8")))
        gallery.build(afresh=True)
    (folder,) = (run / "index").glob("accelerator-*")
    path = draw.choice(sorted(folder.iterdir()))
    path.write_bytes(mutate(path.name, path.read_bytes(), draw))
    if path.name != "manifest.json":
        manifest = msgspec.json.decode((folder / "manifest.json").read_bytes())
        manifest["files"][path.name] = fingerprint(path)
        (folder / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    return reading(draw)


def words(run: Path, draw: random.Random) -> list[str]:
    """Options and arguments that mean nothing, or too much."""
    word, other = draw.choice(WORDS), draw.choice(WORDS)
    command = draw.choice(
        [
            *(["query", "a.png", option, word] for option in OPTIONS),
            *(["query", word], ["query", "--like", word], ["verify", word, other]),
            *(["index", "add", "a.png", "--meta", f"{word}={other}"], ["index", "add", word]),
            *(["index", "add", "a.png", "--label", word], ["index", "remove", word]),
            *(["index", "remove", "--label", word], ["index", "remove", "--where", word]),
            *(["index", "sync", word], ["embed", word, "--out", "o.npz"]),
            *(["embed", "a.png", "--out", word], ["evaluate", "--run", word]),
            *(["runs", "rm", word], ["evaluate", "--far", word]),
            ["index", "tune", "--kind", word, "--max-latency", other],
        ]
    )
    return [part.replace("\x00", "") for part in command]


def names(run: Path, draw: random.Random) -> list[str]:
    """Labels, keys and names of files with what a terminal would obey."""
    value = draw.choice([value for value in VALUES if isinstance(value, str)])
    with contextlib.suppress(UnicodeEncodeError, sqlite3.Error):
        connection = sqlite3.connect(run / "index" / "catalogue.sqlite")
        column = draw.choice(("label", "origin", "split"))
        connection.execute(f"UPDATE items SET {column} = ?", [value])
        connection.commit()
        connection.close()
    # A byte that is no UTF-8, as a file's name may hold it, in place of what none can.
    name = f"p{value[:50]}.png".replace("/", "_").replace("\ud800", "\udce9")
    with contextlib.suppress(UnicodeEncodeError, OSError):
        shutil.copy("a.png", name)
    return draw.choice([reading(draw), ["query", name, "--out", "o.csv"], ["index", "add", name]])


def comparison(run: Path, draw: random.Random) -> list[str]:
    """What `siam compare` keeps; the run's encoder stands for a classifier of 64 classes."""
    folder = run.parent / "comparisons" / "digits"
    folder.mkdir(parents=True)
    path = folder / "sequential.tflite"
    shutil.copy(run / "encoder.tflite", path)
    content = {
        "schema": 1,
        "dataset": "digits",
        "classes": [str(number) for number in range(64)],
        "models": [{"name": "sequential", "seen": {"accuracy": 0.5}}],
        "preparation": tomllib.loads((run / "config.toml").read_text("utf-8"))["prepare"],
        "files": {path.name: sha256(path)},
    }
    told = folder / "comparison.json"
    told.write_bytes(msgspec.json.encode(content))
    if draw.random() < 0.2:
        path.write_bytes(mutate(path.name, path.read_bytes(), draw))
        told.write_bytes(msgspec.json.encode({**content, "files": {path.name: sha256(path)}}))
    else:
        told.write_bytes(mutate(told.name, told.read_bytes(), draw))
    return draw.choice([["classify", "a.png"], ["classify", "a.png", "b.png", "--json"]])


def packed_run(run: Path, draw: random.Random) -> list[str]:
    """A packed run, by its bytes or by its list of files, which is then signed by nobody."""
    names = ["manifest.json", *msgspec.json.decode((run / "manifest.json").read_bytes())["files"]]
    files = {name: run / name for name in names}
    files["index/catalogue.sqlite"] = run / "index" / "catalogue.sqlite"
    write_pack(Path("x.siam"), "run", files, key=None)
    content = Path("x.siam").read_bytes()
    if draw.random() < 0.6:
        Path("x.siam").write_bytes(mutate_members(content, draw, "pack.json"))
    else:
        Path("x.siam").write_bytes(mutate("x", content, draw))
    return draw.choice(
        [["runs", "unpack", "x.siam", "--name", "new"], ["query", "a.png", "--run", "x.siam"]]
    )


def keras_file(run: Path, draw: random.Random) -> list[str]:
    """The network, and the files that pages are made of."""
    path = run / draw.choice(("model.keras", "model.keras", "history.csv", "metrics.json"))
    content = path.read_bytes()
    if path.suffix == ".keras" and draw.random() < 0.7:
        content = mutate_members(content, draw)
    else:
        content = mutate(path.name, content, draw)
    path.write_bytes(content)
    vouch(run, path)
    if path.suffix == ".keras" and draw.random() < 0.5:
        (run / "encoder.tflite").unlink()  # so that Keras answers
        return ["query", "a.png"]
    return draw.choice([["show"], ["report"], ["show", draw.choice(WORDS).replace("\x00", "")]])


def mutate_members(content: bytes, draw: random.Random, chosen: str = "") -> bytes:
    """Return an archive, whole, in which one member is mutated."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as whole, zipfile.ZipFile(packed, "w") as archive:
        chosen = chosen or draw.choice(whole.namelist())
        for name in whole.namelist():
            member = whole.read(name)
            archive.writestr(name, mutate(name, member, draw) if name == chosen else member)
    return packed.getvalue()


CASES: tuple[Case, ...] = (
    *(run_file, run_file, catalogue_bytes, catalogue_rows, catalogue_rows, accelerator),
    *(picture, arrays, data_set, table, comparison, packed_run, words, words, names),
)
KERAS_CASES: tuple[Case, ...] = (keras_file,)
