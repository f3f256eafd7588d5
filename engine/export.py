"""Export a run's encoder for other programs: a folder with the model, what it means, an example."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from siam.array_types import Pictures, Vectors
from siam.atomic import publish_folder, write_json, write_text
from siam.engine.browser.page import answer_page, check_chain, write_page
from siam.engine.export_sidecar import describe, example_script, files_of
from siam.errors import RunError, UsageError, need_packages
from siam.progress import Progress, silent
from siam.run_files import CALIBRATION_FILE, CONFIG_FILE, ENCODER_FILE, HELD_OUT_FILE, NETWORK_FILE
from siam.runs.config import load_config
from siam.runs.held_out import load_held_out
from siam.runs.manifest import verify_files
from siam.runs.runs_folder import find_run
from siam.siamese.encoder import open_encoder
from siam.siamese.interchange import (
    answer_litert,
    answer_onnx,
    answer_saved_model,
    need_onnx,
    write_litert,
    write_litert_int8,
    write_onnx,
    write_saved_model,
)
from siam.training.native_logs import quiet_native_logs
from siam.unit_vectors import exact_neighbours

if TYPE_CHECKING:
    import keras

    from siam.datasets.dataset import Split
    from siam.siamese.export import Parity

__all__ = ["FORMATS", "Exported", "export_run"]

SIDECAR = "encoder.json"
EXAMPLE = "example.py"
PROBE_PICTURES = 512

Answer = Callable[[Path, Pictures], Vectors]
FORMATS: dict[str, tuple[str, Answer]] = {
    "litert": (ENCODER_FILE, answer_litert),
    "onnx": ("encoder.onnx", answer_onnx),
    "saved-model": ("saved_model", answer_saved_model),
    "web": ("run.js", answer_page),
}


@dataclass(frozen=True)
class Exported:
    """A run's encoder outside of siam.

    Attributes:
        folder: what was written.
        model: the model's file, or folder for a SavedModel, in it.
        size: the model's bytes.
        parity: how far the model, loaded again, is from Keras.
        recall: with int8, (float32's, int8's) Recall@1 of the test pictures among the validation
            pictures, 0 to 1; else None.
    """

    folder: Path
    model: Path
    size: int
    parity: Parity
    recall: tuple[float, float] | None


def export_run(
    run: str | None,
    folder: Path,
    *,
    form: str = "litert",
    int8: bool = False,
    progress: Progress = silent,
) -> Exported:
    """Export a run's encoder, load it again and compare it with Keras.

    Args:
        run: a run's name or path; the newest finished run when left out.
        folder: made by this; must not exist, or be empty.
        form: "litert", "onnx", "saved-model", or "web" for a page that answers by itself.
        int8: keep the weights in 8 bits; for litert.
        progress: told of the work.

    Raises:
        UsageError: another format, int8 for another than litert, a folder that is in use.
        RunError: no such run, a damaged file, or an export that does not answer as Keras does.
        MissingExtraError: TensorFlow, or what ONNX takes, is not installed.
    """
    check_choice(folder, form, int8)
    path = find_run(run)
    verify_files(path, [CONFIG_FILE, CALIBRATION_FILE, NETWORK_FILE, ENCODER_FILE, HELD_OUT_FILE])
    config = load_config(path)
    if form == "web":
        check_chain(config)
    validation, test = load_held_out(path, classes=len(config.classes))
    tower = load_tower(path, progress)
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        name, answer = FORMATS[form]
        progress("Writing the model", 0, 0)
        if form == "web":
            write_page(path, config, tower, validation, building, progress=progress)
        else:
            write_model(tower, path, building / name, form, int8)
        probe = validation.pictures[:PROBE_PICTURES]
        progress("Comparing it with Keras", 0, 0)
        parity = compare_with_keras(tower, answer(building / name, probe), probe, exact=not int8)
        recall = None
        if int8:
            progress("Measuring what 8 bits cost", 0, 0)
            recall = (
                recall_at_1(open_encoder(path).encode, validation, test),
                recall_at_1(partial(answer, building / name), validation, test),
            )
        sidecar = describe(
            path,
            config,
            tower.input_shape[1:],
            tower.output_shape[-1],
            building / name,
            form,
            parity,
            recall,
        )
        write_json(building / SIDECAR, sidecar)
        if form != "web":
            write_text(building / EXAMPLE, example_script(form))
        size = sum(file.stat().st_size for file in files_of(building / name))
        publish_folder(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return Exported(folder, folder / name, size, parity, recall)


def check_choice(folder: Path, form: str, int8: bool) -> None:
    """Refuse what cannot be exported before anything heavy is loaded."""
    if form not in FORMATS:
        raise UsageError(
            f"There is no format '{form}'.", f"--format takes one of: {', '.join(FORMATS)}."
        )
    if int8 and form != "litert":
        raise UsageError(f"--int8 is for --format litert, received {form}.", "Leave it out.")
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UsageError(
            f"--out {folder} is there already, and nothing is overwritten.",
            "Name another folder, or remove it first.",
        )
    need_packages("siam export", "train", "tensorflow")
    if form == "onnx":
        need_onnx()


def load_tower(run: Path, progress: Progress) -> keras.Model:
    """Load a run's tower in Keras on TensorFlow, which all the formats are written by."""
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"
    with quiet_native_logs(progress):
        from siam.siamese.network import load_network, tower_of

        return tower_of(load_network(run / NETWORK_FILE))


def write_model(tower: keras.Model, run: Path, target: Path, form: str, int8: bool) -> None:
    """Write the model; a run's own LiteRT file is copied: its indexes know it by its hash."""
    if form == "onnx":
        write_onnx(tower, target)
    elif form == "saved-model":
        write_saved_model(tower, target)
    elif int8:
        write_litert_int8(tower, target)
    elif (run / ENCODER_FILE).exists():
        shutil.copyfile(run / ENCODER_FILE, target)
    else:
        write_litert(tower, target)


def compare_with_keras(
    tower: keras.Model, answers: Vectors, probe: Pictures, *, exact: bool
) -> Parity:
    """Compare what the exported model, loaded again, says of a probe with Keras, or refuse it."""
    from siam.siamese.export import compare_embeddings

    reference = tower.predict(probe.astype(np.float32), batch_size=256, verbose=0)
    parity = compare_embeddings(np.asarray(reference), answers)
    lengths = np.linalg.norm(answers, axis=1)
    if (exact and not parity.holds) or not np.allclose(lengths, 1.0, atol=1e-3):
        raise RunError(
            "The exported model does not answer as Keras does (largest difference "
            f"{parity.max_difference:.2g}, {parity.neighbour_agreement:.1%} of nearest neighbours "
            "agree), so nothing was written.",
            "Export to another --format.",
        )
    return parity


def recall_at_1(encode: Callable[[Pictures], Vectors], gallery: Split, queries: Split) -> float:
    """Return the share of queries whose nearest gallery picture has their label, 0 to 1."""
    rows, among = (encode(split.pictures) for split in (queries, gallery))
    nearest = exact_neighbours(rows, among, 1).positions[:, 0]
    return float((gallery.labels[nearest] == queries.labels).mean())
