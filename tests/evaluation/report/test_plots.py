from __future__ import annotations

import base64
import io
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image

from siam.evaluation.all_pairs import count_all_pairs
from siam.evaluation.reliability import picture_reliability
from siam.evaluation.report.embedding_map import class_colours, map_plot, project
from siam.evaluation.report.inline_pictures import picture_uri, sprite
from siam.evaluation.report.plots import (
    confusion_plot,
    distance_plot,
    history_plots,
    reliability_plot,
    roc_plot,
)

USE = "{http://www.w3.org/2000/svg}use"


def decoded(uri: str) -> np.ndarray:
    assert uri.startswith("data:image/png;base64,")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))))


@pytest.mark.parametrize("channels", [1, 3])
def test_picture_survives(channels):
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, channels), dtype=np.uint8)
    assert np.array_equal(decoded(picture_uri(picture)).reshape(picture.shape), picture)


def test_sprite_places_each_picture_in_its_square():
    pictures = np.stack([np.full((28, 28, 1), 10 * place, np.uint8) for place in range(7)])
    uri, columns = sprite(pictures)
    sheet = decoded(uri)
    assert columns == 3
    for place in range(7):
        row, column = divmod(place, columns)
        square = sheet[row * 28 : row * 28 + 28, column * 28 : column * 28 + 28]
        assert (square == 10 * place).all()


def test_sprite_keeps_the_aspect():
    sheet = decoded(sprite(np.full((1, 10, 40, 3), 200, np.uint8), side=20)[0])
    rows = np.flatnonzero(sheet[..., 0].any(axis=1))
    assert (rows.min(), rows.max()) == (7, 11)
    assert sheet[..., 0].any(axis=0).all()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 49, 60])
def test_projection_places_every_picture(clusters, count):
    vectors, _ = clusters(max(count, 1))
    places = project(vectors[:count])
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()


def test_map_points_come_in_the_given_order():
    places = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 1.0]])
    drawn = ElementTree.fromstring(map_plot(places, np.array([1, 0, 1]), class_colours(2)))
    across = [float(point.get("x", "0")) for point in drawn.iter(USE)]
    assert across[0] < across[2] < across[1]


@pytest.mark.parametrize("count", [1, 10, 11, 200])
def test_every_class_has_its_colour(count):
    assert len(set(class_colours(count))) == count


def test_history_without_rows_or_values_is_drawn_as_it_is():
    assert history_plots([]) == []
    plots = history_plots([{"loss": float("nan"), "val_f": 1.0}, {"loss": 2.0}])
    assert len(plots) == 2
    for plot in plots:
        ElementTree.fromstring(plot)


def test_plots_of_few_pictures_are_well_formed():
    vectors = np.array([[1, 0], [0.6, 0.8], [0, 1]], np.float32)
    pairs = count_all_pairs(vectors, np.array([0, 0, 1]))
    curve = picture_reliability(np.array([0.3, 0.9]), np.array([False, True]))
    nothing = picture_reliability(np.zeros(0), np.zeros(0))
    for plot in (
        distance_plot(pairs, 0.0),
        roc_plot(pairs, 0.0),
        reliability_plot({"one": curve, "none": nothing}),
        confusion_plot(np.array([[2, 0], [1, 0]]), ["$a_b$", "<b>"]),
        confusion_plot(np.zeros((80, 80), int), [str(place) for place in range(80)]),
    ):
        ElementTree.fromstring(plot)
