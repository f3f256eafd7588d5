"""A network that an earlier release saved: its modules have moved, and its loss is gone.

`old_network.keras` was saved by the code of commit b1f1bd7: three small towers with five test-time
views, compiled with `siam>TripletLoss` of `siam.siamese.triplet` and `siam>Muon` of
`siam.siamese.muon`.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import keras
import numpy as np

from siam.siamese.encoder import KerasEncoder
from siam.siamese.network import load_network, tower_of

OLD = Path(__file__).with_name("old_network.keras")
PICTURES = (np.arange(2 * 784).reshape(2, 28, 28, 1) % 251).astype(np.uint8)
DISTANCE = 0.34344992
EMBEDDING = [-0.35934129, -0.46085903, -0.51453906, -0.26532546, -0.51461619, -0.24187772]


def test_it_names_what_is_no_longer_there() -> None:
    """Otherwise this file would not test what it is kept for."""
    config = zipfile.ZipFile(OLD).read("config.json").decode()
    assert "siam>TripletLoss" in config and "siam.siamese.triplet" in config
    assert keras.saving.get_registered_object("siam>TripletLoss") is None


def test_it_answers_as_it_did() -> None:
    network = load_network(OLD)
    left, right = PICTURES.astype(np.float32)
    distance = network.predict([left[None], right[None]], verbose=0)
    np.testing.assert_allclose(distance, [[DISTANCE]], atol=1e-4)
    embedding = tower_of(network).predict(left[None], verbose=0)
    np.testing.assert_allclose(embedding, [EMBEDDING], atol=1e-4)


def test_an_encoder_opens_it() -> None:
    np.testing.assert_allclose(KerasEncoder(OLD).encode(PICTURES)[0], EMBEDDING, atol=1e-4)
