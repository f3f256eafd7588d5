from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from siam.evaluation.distances import Embedded
from siam.evaluation.measure import measure
from siam.evaluation.report.background import work_ahead
from siam.evaluation.report.page import ReportInputs, render_report
from siam.evaluation.summary import summarise

EVIL = '<script>alert("x")</script></script>&$title{{ 7 * 7 }}\x1b[2J\'"'
DOT = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>'


class Tags(HTMLParser):
    """Every start tag with its attributes, and the text outside scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def make_inputs(measured, calibration, clusters) -> ReportInputs:
    random = np.random.default_rng(0)
    test = Embedded(*clusters(120, seed=4))
    with work_ahead(test, seed=0) as background:
        background.places.result()
    return ReportInputs(
        metrics=summarise(measured, calibration, run="first", dataset="clusters"),
        measurements=measured,
        classes=("ant", "bee", "cat", "dog"),
        test=test,
        background=background,
        test_pictures=random.integers(0, 256, (120, 12, 9, 1), dtype=np.uint8),
        test_files=[f"pets/test-{place}.jpg" for place in range(120)],
        gallery_picture=random.integers(0, 256, (400, 12, 9, 1), dtype=np.uint8).__getitem__,
        gallery_file=lambda row: f"pets/train-{row}.jpg",
        history=[
            {"epoch": 1, "loss": 0.5, "val_loss": 0.6},
            {"epoch": 2, "loss": 0.3, "val_loss": float("nan")},
        ],
        config="epochs = 2\n",
        versions={"siam": "0.1.0"},
        diagram=DOT,
    )


@pytest.fixture(scope="module")
def inputs(measured, calibration, clusters):
    return make_inputs(measured, calibration, clusters)


@pytest.fixture(scope="module")
def page(inputs):
    return render_report(inputs)


def test_every_part_is_there(page):
    for words in (
        "Figures",
        "Training",
        "Same or different",
        "Classes",
        "Map of the embeddings",
        "Closest pairs of different classes",
        "Farthest pairs of one class",
        "Wrong labels",
        "Configuration",
        "epochs = 2",
        "Versions",
        "Layers of the model",
        "95 % interval",
    ):
        assert words in page, words
    for name in ("distances", "roc", "reliability", "confusion", "map-points", "history0"):
        assert f'id="{name}' in page, name


def test_it_begins_with_the_pictures_that_were_got_wrong_and_their_files(page):
    text = Tags(page).text
    assert text.index("Worst mistakes") < text.index("Figures") < text.index("Training")
    shown = text[text.index("Worst mistakes") : text.index("Figures")]
    assert len(re.findall(r"pets/test-\d+\.jpg", shown)) >= 24
    assert re.search(r"pets/train-\d+\.jpg", shown), "what a wrong label is nearest to"


def test_a_rate_that_there_are_too_few_pairs_for_is_not_told(page):
    # 120 pictures make 5,400 different pairs: ten false accepts take a rate of 0.2 %.
    assert Tags(page).text.count("too few pairs") == 2
    assert "Dots: 1 % false accepts." in page


def test_nothing_is_fetched_from_elsewhere(page):
    for tag, attributes in Tags(page).tags:
        assert tag not in ("iframe", "object", "embed", "audio", "video"), tag
        for name in ("src", "href", "xlink:href", "action", "srcset", "poster"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:", "#")), (tag, name, value[:80])
    assert not re.search(r"url\((?!#|\$\{data)", page)
    assert "@import" not in page


def test_ids_differ(page):
    ids = [attributes["id"] for _, attributes in Tags(page).tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_plots_are_well_formed_and_take_the_colours_of_the_page(page):
    plots = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert len(plots) == 6
    for plot in plots:
        ElementTree.fromstring(plot)
        assert "currentColor" in plot or "map-points" in plot
        assert "#123456" not in plot


def test_what_users_named_cannot_become_markup(inputs):
    metrics = dict(inputs.metrics, run=EVIL, dataset=EVIL)
    classes = (EVIL, "bee", "$dollar", "x" * 200)
    metrics["classes"] = [
        dict(found, name=name) for found, name in zip(metrics["classes"], classes, strict=True)
    ]
    bad = replace(
        inputs,
        metrics=metrics,
        classes=classes,
        config=EVIL,
        versions={EVIL: EVIL},
        test_files=[EVIL] * 120,
        history=[{EVIL: 1.0}],
    )
    page = render_report(bad)
    assert "<script>alert" not in page
    assert "alert(" in Tags(page).text
    assert len([tag for tag, _ in Tags(page).tags if tag == "script"]) == 2
    assert all(name[:2] != "on" for _, attributes in Tags(page).tags for name in attributes)
    assert "\x1b" not in page and "\\x1b[2J" in page
    assert "{{ 7 * 7 }}" in page


@pytest.mark.slow
def test_the_same_inputs_make_the_same_page(inputs, page):
    assert render_report(inputs) == page


def test_parts_that_are_missing_are_left_out(inputs):
    assert "<h2>Training</h2>" not in render_report(replace(inputs, history=()))


@pytest.mark.slow
def test_colour_pictures_and_many_classes(clusters, calibration, inputs):
    """Sixty classes: a matrix without names, no legend, and rows for the worst fifty."""
    vectors, labels = clusters(240, classes=60, dim=16)
    embedded = Embedded(vectors, labels)
    classes = tuple(f"class {place}" for place in range(60))
    measured = measure(embedded, embedded, calibration, classes=classes)
    pictures = np.zeros((240, 40, 50, 3), np.uint8)
    with work_ahead(embedded, seed=0) as background:
        background.places.result()
    page = render_report(
        replace(
            inputs,
            metrics=summarise(measured, calibration, run="r", dataset="d"),
            measurements=measured,
            classes=classes,
            test=embedded,
            background=background,
            test_pictures=pictures,
            test_files=[""] * 240,
            gallery_picture=pictures.__getitem__,
            gallery_file=str,
        )
    )
    assert len(re.findall(r"<td>class \d", page)) == 50
    assert '<div class="key"></div>' in page


@pytest.mark.slow
def test_a_browser_has_nothing_to_complain_of_and_shows_a_picture_on_hover(tmp_path, page, visit):
    """The page's own policy turns any request into a console error, so one check sees both."""
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    shown = visit((tmp_path / "report.html").as_uri())
    assert "background-image: url(" in shown.content()  # set by the script
    shown.locator("#map-points use").first.hover(force=True)
    assert shown.locator("#map-tip").is_visible()
    assert shown.locator("#map-tip span").first.inner_text() in ("ant", "bee", "cat", "dog")


@pytest.mark.slow
@pytest.mark.parametrize(
    "stranger",
    ["<script>document.title = 1</script>", '<img src="http://127.0.0.1:9/x.png">'],
    ids=["script", "request"],
)
def test_a_browser_runs_the_script_of_the_page_and_no_other(
    tmp_path, page, visit, complaints, stranger
):
    path = tmp_path / "report.html"
    path.write_text(page.replace("</body>", f"{stranger}</body>"), encoding="utf-8")
    shown = visit(path.as_uri())
    assert shown.title() != "1"
    assert any("Content Security Policy" in line for line in complaints)
    complaints.clear()
