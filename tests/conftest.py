"""What tests of several rooms share: real data, files written by hand, one run trained once."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import struct
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from PIL import Image

from siam.datasets.dataset import Dataset

sys.path.insert(0, str(Path(__file__).parent))
from milvus_server import MilvusServer  # noqa: E402

# Fixtures that stand in a file of their own, beside this one.
pytest_plugins = ["chromium", "object_store"]

# A machine that does something else besides must fail no example for being slow.
hypothesis.settings.register_profile(
    "siam", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("siam")


@pytest.hookimpl(trylast=True)  # when those that are not asked for are gone
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the file that trains the shared run first, then long ones: workers end together.

    Each worker takes the next file when it is done with one. Of files alike, those that need the
    shared run come last: nobody waits for it.
    """
    users = [item.path for item in items if "trained" in getattr(item, "fixturenames", ())]
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda i: (i.path not in users[:1], i.path not in slow, i.path in users))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder with the real MNIST; without it tests fail rather than pass unseen."""
    folder = os.environ.get("SIAM_DATA_DIR")
    assert folder, "Set SIAM_DATA_DIR to the folder that holds mnist/."
    assert (Path(folder) / "mnist").is_dir(), f"{folder} holds no mnist/."
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusServer]:
    """A Milvus server on loopback for as long as the tests run."""
    # Its import closes what logging handlers write to, but for the standard error of that moment:
    # within a command's test, that of pytest itself would be closed for all tests after it.
    import pymilvus  # noqa: F401

    server = MilvusServer(tmp_path_factory.mktemp("milvus"))
    yield server
    server.kill()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on scikit-learn's digits; shared, so that tests must leave it as it is."""
    from siam.engine.train import train_run
    from siam.file_lock import try_lock
    from siam.runs.config import DataChoice, TrainChoice

    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # one run for all workers: the first to ask trains it
        folder = folder.parent
    runs = folder / "trained"
    runs.mkdir(exist_ok=True)
    while not (runs / "digits").is_dir():
        with try_lock(folder / "trained.lock") as ours:
            if ours and not (runs / "digits").is_dir():
                with pytest.MonkeyPatch.context() as patch:
                    patch.setenv("SIAM_RUNS", str(runs))
                    overrides = {"epochs": "6", "precision": "float32"}
                    choice = TrainChoice(preset="quick", overrides=overrides)
                    train_run(DataChoice(dataset="digits"), choice, name="digits")
        time.sleep(0.1)
    return runs / "digits"


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty runs folder of the test's own, with the working folder beside it."""
    folder = tmp_path / "runs"
    monkeypatch.setenv("SIAM_RUNS", str(folder))
    monkeypatch.chdir(tmp_path)
    yield folder


@pytest.fixture
def run_copy(trained: Path, runs: Path) -> Path:
    """A copy of the trained run, named "digits", that a test may harm."""
    runs.mkdir()
    copy = runs / trained.name
    shutil.copytree(trained, copy)
    return copy


@pytest.fixture
def pictures_beside_a_run(run_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that the docs' examples name; a run trained before stands in for training one,
    and for a server's.
    """
    import siam
    from siam.runs.held_out import load_held_out

    _, test = load_held_out(run_copy)
    (tmp_path / "photos" / "cats").mkdir(parents=True)
    photos = ["photos/cats/a.png", "photos/cats/b.png"]
    for place, name in enumerate(["phone.jpg", "other.jpg", "a.png", "b.png", *photos]):
        Image.fromarray(test.pictures[place, :, :, 0]).save(tmp_path / name)
    (tmp_path / "broken.jpg").write_text("no picture")
    shutil.copytree(run_copy, run_copy.with_name("mnist-1"))
    for verb in ("train", "connect"):
        monkeypatch.setattr(siam, verb, lambda *_, **__: siam.open("digits"), raising=False)


@pytest.fixture(scope="session")
def backbone_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backbone of 32 pixels a side that learned nothing: the mean colour of 64 squares."""
    import keras
    from keras import layers

    path = tmp_path_factory.mktemp("backbone") / "squares.keras"
    keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Rescaling(1 / 255),
            layers.AveragePooling2D(4),
            layers.Flatten(),
        ],
        name="backbone",
    ).save(path)
    return path


@pytest.fixture(scope="session")
def deep_backbone_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backbone of 32 pixels a side that learned nothing, and can be cut below its last layers."""
    import keras
    from keras import layers

    path = tmp_path_factory.mktemp("backbone") / "deep.keras"
    picture = keras.Input((32, 32, 3))
    below = layers.Conv2D(8, 8, strides=4, kernel_initializer=keras.initializers.HeNormal(0))
    x = below(layers.Rescaling(1 / 127.5, -1)(picture))
    x = layers.Add()([x, layers.Conv2D(8, 3, padding="same", activation="relu")(x)])
    x = layers.Conv2D(24, 1, kernel_initializer=keras.initializers.HeNormal(1))(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    keras.Model(picture, layers.GlobalAveragePooling2D()(x), name="backbone").save(path)
    return path


WriteIdx = Callable[[Path, np.ndarray], Path]
WritePicture = Callable[[Path], Path]


def idx_bytes(array: np.ndarray) -> bytes:
    """An array as an IDX file's content."""
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


@pytest.fixture(scope="session")
def write_idx() -> WriteIdx:
    """Write an array as an IDX file, gzipped where the name says so."""

    def write(path: Path, array: np.ndarray) -> Path:
        content = idx_bytes(array)
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
        return path

    return write


@pytest.fixture
def write_picture() -> Callable[..., Path]:
    """Write a picture of one colour with a spot, different for each `seed`."""

    def write(
        path: Path, *, seed: int = 0, size: tuple[int, int] = (20, 20), mode: str = "L"
    ) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture_bytes(path.suffix, seed=seed, size=size, mode=mode))
        return path

    return write


def picture_bytes(
    suffix: str, *, seed: int = 0, size: tuple[int, int] = (20, 20), mode: str = "L"
) -> bytes:
    """A noisy picture's file content."""
    width, height = size
    shape = (height, width) if mode == "L" else (height, width, 3)
    noise = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise, mode).save(buffer, format=Image.registered_extensions()[suffix])
    return buffer.getvalue()


@pytest.fixture
def write_folder(tmp_path: Path, write_picture: Callable[..., Path]) -> Callable[..., Path]:
    """Write a folder of `count` pictures for each class."""

    def write(
        classes: tuple[str, ...] = ("cat", "dog"), *, count: int = 8, name: str = "pets"
    ) -> Path:
        for label, class_name in enumerate(classes):
            for i in range(count):
                write_picture(tmp_path / name / class_name / f"{i}.png", seed=100 * label + i)
        return tmp_path / name

    return write


@pytest.fixture
def assert_disjoint() -> Callable[[Dataset], None]:
    """Assert that no picture's origin is in two splits, or twice in one."""

    def check(dataset: Dataset) -> None:
        splits = [dataset.train, dataset.validation, dataset.test]
        origins = [origin for split in splits for origin in split.origins]
        assert len(set(origins)) == len(origins)
        for split in splits:
            assert len(split.pictures) == len(split.labels) == len(split.origins)
            assert split.labels.dtype == np.int64
            assert split.pictures.dtype == np.uint8

    return check
