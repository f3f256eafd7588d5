"""The page of a run, opened as a file: it answers as the run does, and asks nobody."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image

from siam.engine.browser.page import as_plain_script, choose_items
from siam.engine.export import export_run
from siam.engine.open_run import open_encoder_of
from siam.errors import UsageError
from siam.evaluation.calibration import Calibration
from siam.evaluation.verdict import decide
from siam.index.gallery import Gallery
from siam.pictures.preparation import prepare_picture
from siam.runs.held_out import load_held_out
from siam.unit_vectors import exact_neighbours

# As shares of the side: lines that a hand may draw for these digits.
STROKES = {
    "1": [[[0.5, 0.2], [0.5, 0.5], [0.49, 0.8]]],
    "0": [
        [[0.5, 0.2], [0.34, 0.36], [0.34, 0.64], [0.5, 0.8], [0.66, 0.64], [0.66, 0.36], [0.5, 0.2]]
    ],
    "4": [[[0.4, 0.2], [0.33, 0.4], [0.3, 0.55], [0.72, 0.55]], [[0.62, 0.3], [0.6, 0.85]]],
}
PICTURE = """strokes => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 280;
    window.siam.paint(canvas, strokes, { ink: "#000", paper: "#fff" });
    return canvas.toDataURL().split(",")[1];
}"""


@pytest.fixture(scope="module")
def folder(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("page") / "out"
    assert export_run(str(trained), target, form="web").parity.max_difference < 1e-5
    return target


@pytest.fixture
def page(folder: Path, visit: Callable[..., Any]) -> Any:
    return visit((folder / "index.html").as_uri())


@pytest.mark.slow
def test_embeddings_and_verdicts_are_the_run_s(page: Any, folder: Path, trained: Path) -> None:
    _, _, encoder = open_encoder_of(str(trained))
    _, test = load_held_out(trained)
    text = (folder / "run.js").read_text()
    told = json.loads(text[text.index("{") : text.rindex(";")])
    vectors = np.frombuffer(base64.b64decode(told["gallery"]["vectors"]), "<f4")
    vectors = vectors.reshape(-1, encoder.dim)
    calibration = msgspec.convert(told["calibration"], Calibration)
    for picture in test.pictures[:20]:
        own = encoder.encode(picture[None])
        near = exact_neighbours(own, vectors, calibration.neighbours)
        labels = np.array(told["gallery"]["labels"])[near.positions]
        (expected,) = decide(near.distances, labels, calibration)
        said = page.evaluate(
            "pixels => (({ embedding, ...rest }) => ({ embedding: [...embedding], ...rest }))"
            "(window.siam.answer(pixels))",
            picture.ravel().tolist(),
        )
        np.testing.assert_allclose(said["embedding"], own[0], atol=1e-4)
        assert (said["verdict"], said["label"]) == (expected.verdict, expected.label)
        assert abs(said["probability"] - expected.probability) < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("digit", STROKES)
def test_a_drawing_is_prepared_as_its_picture_is(page: Any, trained: Path, digit: str) -> None:
    _, config, _ = open_encoder_of(str(trained))
    strokes = [{"width": 0.08, "erases": False, "points": line} for line in STROKES[digit]]
    drawn = Image.open(io.BytesIO(base64.b64decode(page.evaluate(PICTURE, strokes))))
    expected = prepare_picture(drawn.convert("L"), config.preparation).pixels.ravel()
    pixels = page.evaluate("strokes => [...window.siam.ask(strokes).pixels]", strokes)
    difference = np.abs(expected.astype(float) - pixels)
    assert difference.mean() < 3 and np.corrcoef(expected, pixels)[0, 1] > 0.98


@pytest.mark.slow
def test_a_person_draws_and_reads(page: Any, assert_accessible: Callable[[Any], None]) -> None:
    box = page.locator("canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.8 * box["height"], steps=5)
    page.mouse.up()
    page.wait_for_function("document.querySelector('#verdict').textContent.length > 3")
    assert page.locator("#near figure").count() == 6
    assert_accessible(page)
    page.click("#clear")
    assert page.locator("#verdict").text_content() == ""


def test_photos_are_refused_with_the_cure(run_copy: Path) -> None:
    config = run_copy / "config.toml"
    config.write_text(config.read_text().replace('chain = "digit"', 'chain = "photo"'))
    from siam.runs.manifest import write_manifest

    write_manifest(run_copy)
    with pytest.raises(UsageError, match=r"the run's is photo.*\n.*siam serve"):
        export_run("digits", run_copy.parent / "page", form="web")


def test_every_label_has_its_share_of_what_a_page_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("siam.engine.browser.page.MOST_ITEMS", 7)
    labels = [*["many"] * 30, *["some"] * 6, "one", None]
    with Gallery.create(tmp_path / "index", dim=4, encoder_hash="0") as gallery:
        gallery.add(
            np.tile(np.eye(4, dtype=np.float32)[0], (38, 1)),
            keys=list(map(str, range(38))),
            labels=labels,
        )
        chosen = gallery.labels_of(choose_items(gallery, seed=0))
    assert sorted(map(str, chosen)) == ["many"] * 3 + ["one"] + ["some"] * 3


def test_a_module_becomes_a_script() -> None:
    module = "export function a() {}\nconst b = 'export const';\nexport class C {}"
    assert as_plain_script(module) == "function a() {}\nconst b = 'export const';\nclass C {}"
