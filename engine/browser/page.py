"""A run as a page: its tower, what it means by distances, and a part of its index, in a folder.

`index.html` is opened as a file or from any server of files, and asks nothing of anybody. The tower
is run by 150 lines of JavaScript: siam's towers are of seven kinds of layers, and the runtimes that
know all kinds come as 10 MB of WebAssembly, which a browser does not load from a file.
"""

from __future__ import annotations

import base64
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from siam.array_types import Integers, Pictures, Vectors
from siam.atomic import write_text
from siam.datasets.probes import make_probes
from siam.engine.browser.tower_steps import TowerSteps, answer_steps, take_steps
from siam.errors import UsageError
from siam.evaluation.calibration_fit import fit_calibration
from siam.evaluation.distances import Embedded
from siam.index.gallery import Gallery
from siam.progress import Progress, silent
from siam.run_files import INDEX_FOLDER
from siam.runs.config import RunConfig
from siam.siamese.encoder import open_encoder

if TYPE_CHECKING:
    import keras

    from siam.datasets.dataset import Split

__all__ = ["answer_page", "check_chain", "write_page"]

DRAWN = ("digit", "glyph")
# Indexed pictures that a page holds: a megabyte of vectors and small pictures.
MOST_ITEMS = 1_000
BATCH = 64
SCRIPTS = ("encoder.js", "preparation.js", "verdict.js", "page.js")


def check_chain(config: RunConfig) -> None:
    """Refuse a run of pictures that nobody draws.

    Raises:
        UsageError: its chain is neither "digit" nor "glyph".
    """
    if config.preparation.chain not in DRAWN:
        raise UsageError(
            f"--format web makes a page to draw on, for the chains {' and '.join(DRAWN)}; "
            f"the run's is {config.preparation.chain}.",
            "Serve it instead:  siam serve",
        )


def write_page(
    run: Path,
    config: RunConfig,
    tower: keras.Model,
    validation: Split,
    folder: Path,
    *,
    progress: Progress = silent,
) -> None:
    """Write `index.html`, `siam.js` and `run.js`.

    Args:
        run: the run's folder.
        config: its configuration.
        tower: its tower in Keras.
        validation: its validation pictures: what a match is, is learned anew beside the part of the
            index that the page holds.
        folder: where they go.
        progress: told of the work.
    """
    steps, encoder = take_steps(tower), open_encoder(run)
    with Gallery.open(run / INDEX_FOLDER, encoder_hash=encoder.hash, read_only=True) as gallery:
        ids = choose_items(gallery, seed=config.train.seed)
        names = [str(name) for name in gallery.labels_of(ids)]
        vectors, thumbnails, total = gallery.vectors_of(ids), gallery.thumbnails(ids), len(gallery)
    known = list(dict.fromkeys([*config.classes, *names]))
    labels = np.array([known.index(name) for name in names], np.int64)
    probes = make_probes(validation.pictures, seed=config.train.seed)
    calibration = fit_calibration(
        Embedded(encoder.encode(validation.pictures), validation.labels),
        Embedded(vectors, labels),
        probes={kind: encoder.encode(pictures) for kind, pictures in probes.items()},
        progress=progress,
    )
    content: dict[str, Any] = {
        "name": run.name,
        "about": f"Made by siam from the run {run.name}: {len(ids):,} of {total:,} indexed "
        f"pictures, of {len(set(names)):,} classes. It asks no server, and sends nothing.",
        "preparation": config.preparation.to_dict(),
        "tower": {
            "steps": steps.steps,
            "shape": steps.shape,
            "dim": steps.dim,
            "weights": encode_floats(steps.weights),
        },
        "gallery": {
            "names": known,
            "labels": labels.tolist(),
            "vectors": encode_floats(vectors),
            "pictures": [base64.b64encode(png or b"").decode() for png in thumbnails],
        },
        "calibration": msgspec.to_builtins(calibration),
    }
    write_text(folder / "run.js", f"const RUN = {json.dumps(content)};\n")
    own = files("siam.engine.browser") / "static"
    scripts = [files("siam.web") / "static" / "drawing.js", *(own / name for name in SCRIPTS)]
    joined = "\n".join(as_plain_script(script.read_text("utf-8")) for script in scripts)
    write_text(folder / "siam.js", f'"use strict";\n(() => {{\n{joined}\n}})();\n')
    write_text(folder / "index.html", (own / "index.html").read_text("utf-8"))


def choose_items(gallery: Gallery, *, seed: int) -> Integers:
    """Return the ids of labelled pictures that a page holds, as many of each label as can be."""
    ids = gallery.select()
    labels = np.array([label or "" for label in gallery.labels_of(ids)])
    order = np.random.default_rng(seed).permutation(np.flatnonzero(labels != ""))
    # The first of every label, then the second of every label, and so on.
    places = np.argsort(labels[order], kind="stable")
    counts = np.unique(labels[order], return_counts=True)[1]
    turn = np.empty(len(order), np.int64)
    turn[places] = np.concatenate([np.arange(count) for count in counts] or [np.arange(0)])
    return np.sort(ids[order[np.argsort(turn, kind="stable")[:MOST_ITEMS]]])


def as_plain_script(module: str) -> str:
    """Return a module's text as a script's: a browser loads no modules from files."""
    return re.sub(r"^export (?=function|class|const)", "", module, flags=re.MULTILINE)


def encode_floats(values: Vectors) -> str:
    """Return float32 numbers, little-endian, in base64."""
    return base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode()


def answer_page(script: Path, pictures: Pictures) -> Vectors:
    """Read the tower back from `run.js` and embed pictures: uint8 (n, ...) to float32 (n, dim)."""
    text = script.read_text("utf-8")
    told = json.loads(text[text.index("{") : text.rindex(";")])["tower"]
    weights = np.frombuffer(base64.b64decode(told["weights"]), "<f4")
    tower = TowerSteps(told["steps"], weights, tuple(told["shape"]), told["dim"])
    return np.concatenate(
        [
            answer_steps(tower, pictures[start : start + BATCH])
            for start in range(0, len(pictures), BATCH)
        ]
    )
