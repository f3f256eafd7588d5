"""The commands that are cut off, what each begins with, and what may be there afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from siam.errors import RunError
from siam.index.catalogue import FILE
from siam.run_files import CONFIG_FILE, INDEX_FOLDER, REPORT_FILE
from siam.runs.manifest import verify_files

RUN = "run"
EMPTY = "nothing"  # no index, or one without an item
OLD_REPORT = "<html>old</html>"
# What training kept: everything of a run that a command must leave as it is.
CHECKED = ("calibration.json", CONFIG_FILE, "encoder.tflite", "held_out.npz", "model.keras")


def rows_of(connection: sqlite3.Connection) -> str:
    """Return a digest of an index: its items, their vectors, its settings."""
    if not connection.execute("SELECT count(*) FROM items").fetchone()[0]:
        return EMPTY
    digest = hashlib.sha256()
    for statement in (
        "SELECT key, label, split, hash, meta, vector FROM items JOIN vectors USING (id)"
        " ORDER BY key",
        "SELECT name, value FROM settings ORDER BY name",
    ):
        for row in connection.execute(statement):
            digest.update(repr(row).encode())
    return digest.hexdigest()[:16]


def index_state(place: Path) -> str:
    """Return what an index holds, and whether the run around it is whole."""
    path = place / "runs" / RUN / INDEX_FOLDER / FILE
    if not path.exists():
        return f"{EMPTY} in {run_state(place)}"
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    with contextlib.closing(connection):
        return f"{rows_of(connection)} in {run_state(place)}"


def run_state(place: Path) -> str:
    """Return whether a run is there, whole."""
    run = place / "runs" / RUN
    if not (run / CONFIG_FILE).exists():
        return "no run"
    try:
        verify_files(run, CHECKED)
    except RunError as error:
        return f"harmed run: {error}"
    return "whole run"


def report_state(place: Path) -> str:
    """Return which report a whole run has."""
    text = (place / "runs" / RUN / REPORT_FILE).read_text("utf-8")
    whole = len(text) > 10_000 and text.rstrip().endswith("</html>")
    which = "old" if text == OLD_REPORT else "new" if whole else "broken"
    return f"{which} report in {index_state(place)}"


def export_state(place: Path) -> str:
    """Return whether an export is there, beside a whole run."""
    out = place / "out"
    if not out.exists():
        return f"no export beside {index_state(place)}"
    sidecar = json.loads((out / "encoder.json").read_text("utf-8"))
    compile((out / "example.py").read_text("utf-8"), "example.py", "exec")
    same = sha(out / "encoder.tflite") == sha(place / "runs" / RUN / "encoder.tflite")
    return f"export {sorted(sidecar)} {same} beside {index_state(place)}"


def sha(path: Path) -> str:
    """Return a file's SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pack_state(place: Path) -> str:
    """Return whether there is a pack, whole, beside the run and what was made of it."""
    pack = place / "run.siam"
    if pack.exists():
        with zipfile.ZipFile(pack) as archive:
            assert archive.testzip() is None
    copy = place / "runs" / "copy"
    if copied := (copy / CONFIG_FILE).exists():
        verify_files(copy, CHECKED)
    return f"pack {pack.exists()}, copy {copied} beside {index_state(place)}"


def training_state(place: Path) -> str:
    """Return whether a training is begun, and what a finished one measured."""
    finished, partial = place / "runs" / "new", place / "runs" / "new.partial"
    if finished.exists():
        verify_files(finished, CHECKED)
        metrics = json.loads((finished / "metrics.json").read_text("utf-8"))
        history = (finished / "history.csv").read_text("utf-8")
        names = sorted(path.name for path in finished.iterdir())
        return f"finished {metrics['pairs']} {metrics['retrieval']} {history} {names}"
    return "begun" if (partial / CONFIG_FILE).exists() else "none"


def sort_state(place: Path) -> str:
    """Return whether every picture has its whole copy, beside the pictures as they were."""
    pictures = sorted((place / "photos").rglob("*.png"))
    copies = sorted(sha(path) for path in (place / "out").rglob("*.png"))
    beside = f"{[sha(path) for path in pictures]} {index_state(place)}"
    whole = copies == sorted(sha(path) for path in pictures)
    return beside if whole and (place / "out" / "sorted.csv").exists() else "begun"


def write_pictures(folder: Path, numbers: Sequence[int], classes: int = 3) -> None:
    """Write pictures of noise into a sub-folder for each class."""
    for number in numbers:
        path = folder / f"class {number % classes}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (28, 28), np.uint8)
        Image.fromarray(pixels).save(path)


def change_pictures(place: Path) -> None:
    """Take a third of the pictures away, paint over a third, add some."""
    photos = place / "photos"
    for number in range(0, 24, 3):
        (photos / "class 0" / f"{number}.png").unlink()
    for number in range(1, 24, 3):
        shutil.copy(photos / "class 2" / "2.png", photos / "class 1" / f"{number}.png")
    write_pictures(photos, range(24, 36))


def write_array(place: Path) -> None:
    """Write an .npz of 40 pictures."""
    pictures = np.random.default_rng(5).integers(0, 256, (40, 28, 28), np.uint8)
    np.savez(place / "x.npz", x=pictures, y=np.arange(40) % 4)


def write_photos(place: Path) -> None:
    """Write 24 pictures."""
    write_pictures(place / "photos", range(24))


def remove_index(place: Path) -> None:
    """Take a run's whole index away."""
    shutil.rmtree(place / "runs" / RUN / INDEX_FOLDER)


def age_report(place: Path) -> None:
    """Put another report in the place of the run's."""
    (place / "runs" / RUN / REPORT_FILE).write_text(OLD_REPORT, "utf-8")


def damage_store(place: Path) -> None:
    """Change a byte of the accelerator's vectors."""
    (file,) = (place / "runs" / RUN / INDEX_FOLDER).glob("accelerator-*/vectors.npy")
    content = bytearray(file.read_bytes())
    content[-5] ^= 0x40
    file.write_bytes(content)


@dataclass(frozen=True)
class Case:
    """A command that is cut off.

    Attributes:
        words: the command.
        before: commands that are run first, whole.
        prepare: called before those, with the folder.
        change: called after them.
        state: what of the folder counts.
        again: exit codes that the command may end with once more, after it was cut.
        resume: what goes on where `state` is "begun".
        cut: what is run and killed at its first checkpoint, before anything else.
        keras: whether Keras and TensorFlow are loaded.
        index: whether there is an index to verify afterwards.
    """

    words: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()
    prepare: Callable[[Path], None] = lambda _: None
    change: Callable[[Path], None] = lambda _: None
    state: Callable[[Path], str] = index_state
    again: frozenset[int] = frozenset({0})
    resume: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    keras: bool = False
    index: bool = True


PACK = ("runs", "pack", RUN, "--out", "run.siam")
ADD = ("index", "add", "photos")
SORT = ("sort", "photos", "--to", "out")
# Of few pictures, as a kill finds the same files there after seconds as after minutes.
FAST = ("--preset", "quick", "--epochs", "8", "--set", "precision=float32")
TRAIN = ("train", "photos", *FAST, "--name", "new")
RESUME = ("train", "--resume", "--name", "new")
CASES = {
    "add": Case(ADD, prepare=write_photos),
    "add anew": Case(ADD, prepare=write_photos, change=remove_index),
    "add array": Case(("index", "add", "x.npz"), prepare=write_array),
    "sync": Case(
        ("index", "sync", "photos"),
        before=(("index", "sync", "photos"),),
        prepare=write_photos,
        change=change_pictures,
    ),
    "remove": Case(("index", "remove", "--label", "3"), again=frozenset({0, 2})),
    "remove few": Case(("index", "remove", "--where", "id<9"), again=frozenset({0, 2})),
    "tune": Case(("index", "tune", "--kind", "HNSW8,Flat")),
    "repair": Case(("index", "verify", "--repair"), change=damage_store),
    "runs rm": Case(("runs", "rm", RUN), state=run_state, again=frozenset({0, 4}), index=False),
    "sort": Case(SORT, prepare=write_photos, state=sort_state, resume=SORT),
    "evaluate": Case(("evaluate", "--json")),
    "report": Case(("report",), change=age_report, state=report_state, keras=True),
    "export": Case(
        ("export", "--out", "out"), state=export_state, again=frozenset({0, 2}), keras=True
    ),
    "pack": Case(PACK, state=pack_state, again=frozenset({0, 2})),
    "unpack": Case(
        ("runs", "unpack", "run.siam", "--name", "copy"),
        before=(PACK,),
        state=pack_state,
        again=frozenset({0, 2}),
    ),
    "train": Case(
        TRAIN,
        prepare=write_photos,
        state=training_state,
        again=frozenset({0, 2}),
        resume=RESUME,
        keras=True,
    ),
    "resume": Case(
        RESUME,
        prepare=write_photos,
        cut=TRAIN,
        state=training_state,
        again=frozenset({0, 2, 4}),
        resume=RESUME,
        keras=True,
    ),
}
