"""The two-input network: one tower, called twice; distances by hand; saving without our code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from siam.errors import RunError
from siam.siamese.network import euclidean_distance, load_network, siamese_network, tower_of
from siam.siamese.towers import small_tower


def test_distance_by_hand() -> None:
    left = np.array([[1, 0], [1, 0], [1, 0]], np.float32)
    right = np.array([[1, 0], [0, 1], [-1, 0]], np.float32)
    distance = keras.ops.convert_to_numpy(euclidean_distance(left, right))
    assert distance.shape == (3, 1)
    np.testing.assert_allclose(distance[:, 0], [0, 2**0.5, 2], atol=1e-5)


def test_both_branches_are_one_tower() -> None:
    tower = small_tower((28, 28, 1), 16)
    network = siamese_network(tower)
    assert tower_of(network) is tower
    assert network.count_params() == tower.count_params()
    rng = np.random.default_rng(0)
    left, right = rng.integers(0, 256, (2, 5, 28, 28, 1)).astype(np.float32)
    expected = np.linalg.norm(
        tower.predict(left, verbose=0) - tower.predict(right, verbose=0), axis=1
    )
    found = network.predict([left, right], verbose=0)[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    swapped = network.predict([right, left], verbose=0)[:, 0]
    np.testing.assert_allclose(found, swapped, atol=1e-6)


def test_the_gradient_is_finite_where_both_pictures_are_one() -> None:
    network = siamese_network(small_tower((28, 28, 1), 8))
    network.compile(optimizer="sgd", loss="mse")
    pictures = np.full((4, 28, 28, 1), 128, np.float32)
    network.fit([pictures, pictures], np.zeros((4, 1)), verbose=0)
    assert all(np.isfinite(weight).all() for weight in network.get_weights())


@pytest.mark.slow
def test_a_saved_network_loads_in_a_process_that_knows_no_siam(tmp_path: Path) -> None:
    network = siamese_network(small_tower((28, 28, 1), 8))
    path = tmp_path / "model.keras"
    network.save(path)
    pictures = np.random.default_rng(1).integers(0, 256, (3, 28, 28, 1)).astype(np.float32)
    np.save(tmp_path / "pictures.npy", pictures)
    program = (
        "import keras, numpy as np, sys\n"
        f"x = np.load({str(tmp_path / 'pictures.npy')!r})\n"
        f"m = keras.saving.load_model({str(path)!r}, compile=False, safe_mode=True)\n"
        f"np.save({str(tmp_path / 'out.npy')!r}, m.predict([x, x[::-1]], verbose=0))\n"
        "assert not any(name.startswith('siam') for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, cwd=tmp_path)
    expected = network.predict([pictures, pictures[::-1]], verbose=0)
    np.testing.assert_allclose(np.load(tmp_path / "out.npy"), expected, atol=1e-6)
    again = load_network(path).predict([pictures, pictures[::-1]], verbose=0)
    np.testing.assert_allclose(again, expected, atol=1e-6)


@pytest.mark.parametrize("content", [b"", b"no model", None])
def test_what_is_no_network_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "model.keras"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RunError, match="not a network that can be loaded"):
        load_network(path)
