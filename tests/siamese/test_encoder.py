"""The encoder against Keras and against itself: any batch, any thread, the same embedding."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siam.atomic import sha256
from siam.errors import DataError, MissingExtraError, RunError
from siam.run_files import ENCODER_FILE, NETWORK_FILE
from siam.siamese.encoder import KerasEncoder, LiteEncoder, open_encoder
from siam.training.litert import BATCH

DIM = 16
PICTURES = np.random.default_rng(0).integers(0, 256, (200, 28, 28, 1), dtype=np.uint8)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an untrained network and its exported tower."""
    import keras

    from siam.siamese.export import export_litert
    from siam.siamese.network import siamese_network
    from siam.siamese.towers import small_tower

    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("run")
    tower = small_tower((28, 28, 1), DIM, widths=(4, 4, 8, 8))
    siamese_network(tower).save(folder / NETWORK_FILE)
    export_litert(tower, folder / ENCODER_FILE, PICTURES)
    return folder


@pytest.fixture(scope="module")
def encoder(run: Path) -> LiteEncoder:
    return LiteEncoder(run / ENCODER_FILE, threads=2)


def test_it_answers_as_keras_does_in_unit_rows(run: Path, encoder: LiteEncoder) -> None:
    embeddings = encoder.encode(PICTURES)
    assert embeddings.shape == (200, DIM) and embeddings.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1.0, atol=1e-5)
    by_keras = KerasEncoder(run / NETWORK_FILE).encode(PICTURES)
    np.testing.assert_allclose(embeddings, by_keras, atol=1e-5)


def test_keras_is_asked_by_few_numbers_of_pictures(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    encoder = KerasEncoder(run / NETWORK_FILE)
    whole = encoder.encode(PICTURES)
    tower, asked = encoder._tower, []

    def predict(pictures: np.ndarray, **options: int) -> np.ndarray:
        asked.append((len(pictures), options["batch_size"]))
        return keras.ops.convert_to_numpy(tower(pictures))

    monkeypatch.setattr(tower, "predict", predict)
    for count in (1, 3, 8, 100, 200):
        answered = encoder.encode(PICTURES[:count])
        np.testing.assert_allclose(answered, whole[:count], atol=1e-5)
    encoder.encode(np.concatenate([PICTURES, PICTURES]))
    assert asked == [(1, 1), (4, 4), (8, 8), (128, 128), (256, 256), (512, 256)]


def test_it_says_what_it_is(run: Path, encoder: LiteEncoder) -> None:
    assert (encoder.dim, encoder.picture_shape) == (DIM, (28, 28, 1))
    assert encoder.hash == sha256(run / ENCODER_FILE)


@settings(max_examples=20)
@given(st.lists(st.integers(0, 2 * BATCH + 3), min_size=1, max_size=5))
def test_how_pictures_are_cut_into_calls_changes_nothing(
    encoder: LiteEncoder, sizes: list[int]
) -> None:
    whole = encoder.encode(PICTURES)
    for size in sizes:
        np.testing.assert_allclose(encoder.encode(PICTURES[:size]), whole[:size], atol=1e-6)


def test_grey_pictures_need_no_channel_axis(encoder: LiteEncoder) -> None:
    without = encoder.encode(PICTURES[:5, :, :, 0])
    np.testing.assert_array_equal(without, encoder.encode(PICTURES[:5]))


def test_no_pictures_give_no_embeddings(encoder: LiteEncoder) -> None:
    assert encoder.encode(PICTURES[:0]).shape == (0, DIM)


def test_many_threads_may_share_it(encoder: LiteEncoder) -> None:
    whole = encoder.encode(PICTURES)

    def one_user(start: int) -> None:
        for size in (1, 40, 7, BATCH):
            part = slice(start, start + size)
            np.testing.assert_allclose(encoder.encode(PICTURES[part]), whole[part], atol=1e-6)

    with ThreadPoolExecutor(8) as users:
        list(users.map(one_user, range(0, 160, 10)))


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_any_number_of_cores_gives_the_same(run: Path, encoder: LiteEncoder, threads: int) -> None:
    other = LiteEncoder(run / ENCODER_FILE, threads=threads)
    np.testing.assert_allclose(other.encode(PICTURES), encoder.encode(PICTURES), atol=1e-6)


@pytest.mark.parametrize(
    ("pictures", "received"),
    [
        (np.zeros((2, 32, 32, 1), np.uint8), r"received uint8 of shape \(2, 32, 32, 1\)"),
        (np.zeros((2, 28, 28, 1), np.float32), "received float32"),
        (np.zeros((28, 28), np.uint8), r"shape \(28, 28\)"),
    ],
)
def test_other_pictures_are_refused(
    encoder: LiteEncoder, pictures: np.ndarray, received: str
) -> None:
    with pytest.raises(DataError, match=received):
        encoder.encode(pictures)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"encoder\.tflite is missing"):
        LiteEncoder(tmp_path / ENCODER_FILE)
    with pytest.raises(RunError, match=r"model\.keras is missing"):
        open_encoder(tmp_path)


def test_a_damaged_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / ENCODER_FILE).write_bytes(b"not a model at all, but long enough to be looked at")
    with pytest.raises(RunError, match="no LiteRT model"):
        open_encoder(tmp_path)


def test_without_an_export_keras_answers(run: Path, tmp_path: Path) -> None:
    (tmp_path / NETWORK_FILE).write_bytes((run / NETWORK_FILE).read_bytes())
    slow = open_encoder(tmp_path)
    assert isinstance(slow, KerasEncoder)
    assert slow.hash == sha256(tmp_path / NETWORK_FILE)
    assert slow.encode(PICTURES[:0]).shape == (0, DIM)


def test_it_needs_neither_tensorflow_nor_keras(run: Path) -> None:
    script = (
        "import sys, pathlib, numpy as np\n"
        "from siam.siamese.encoder import open_encoder\n"
        "encoder = open_encoder(pathlib.Path(sys.argv[1]))\n"
        "print(encoder.encode(np.zeros((3, 28, 28), np.uint8)).shape)\n"
        "print({'tensorflow', 'keras', 'jax', 'torch'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(run)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [f"(3, {DIM})", "set()"]
    assert done.stderr == ""


def test_that_keras_answers_is_said(run: Path, tmp_path: Path) -> None:
    (tmp_path / NETWORK_FILE).write_bytes((run / NETWORK_FILE).read_bytes())
    assert "Keras answers" in open_encoder(tmp_path).notice
    assert open_encoder(run).notice == ""


def test_without_an_export_and_without_keras_the_extra_is_named(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / NETWORK_FILE).write_bytes((run / NETWORK_FILE).read_bytes())
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="train") as raised:
        open_encoder(tmp_path)
    assert raised.value.exit_code == 5
