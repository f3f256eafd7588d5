"""`report.html`: a run's results in one file that needs no network and no server."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from siam.atomic import write_text
from siam.evaluation.measure import Embedded, Measurements
from siam.evaluation.mistakes import WorstPairs, worst_pairs, wrong_neighbours
from siam.evaluation.report.embedding_map import MAPPED, class_colours, map_plot, project
from siam.evaluation.report.inline_pictures import data_uri, picture_uri, sprite
from siam.evaluation.report.plots import (
    confusion_plot,
    distance_plot,
    history_plots,
    reliability_plot,
    roc_plot,
)
from siam.evaluation.report.tables import (
    calibration_table,
    class_table,
    figures_table,
    table,
    unfamiliar_table,
)
from siam.evaluation.report.template import PAGE
from siam.progress import Progress, silent

__all__ = ["ReportInputs", "render_report", "write_report"]

SHOWN = 12
# More names than this make no legend.
LEGEND_CLASSES = 30


@dataclass(frozen=True)
class ReportInputs:
    """What a report shows, as plain data.

    Attributes:
        metrics: what `summarise` returned.
        measured: what `measure` returned.
        classes: class names.
        test: embeddings and labels of the test pictures.
        test_pictures: uint8 (n, height, width, channels), in the same order.
        gallery_labels: int64 (m,), of the gallery that `measure` searched.
        gallery_pictures: uint8 (m, height, width, channels), in the same order.
        history: one row per epoch, name -> value; "val_x" beside "x".
        config: the run's configuration as text.
        versions: what -> version that made the run.
        diagram: the model's diagram, PNG or SVG bytes, or None.
        seed: of the map.
    """

    metrics: dict[str, Any]
    measured: Measurements
    classes: Sequence[str]
    test: Embedded
    test_pictures: np.ndarray
    gallery_labels: np.ndarray
    gallery_pictures: np.ndarray
    history: Sequence[dict[str, float]] = ()
    config: str = ""
    versions: Mapping[str, str] | None = None
    diagram: bytes | None = None
    seed: int = 0


def write_report(path: Path, inputs: ReportInputs, *, progress: Progress = silent) -> None:
    """Write `report.html`, whole or not at all."""
    write_text(path, render_report(inputs, progress=progress))


def render_report(inputs: ReportInputs, *, progress: Progress = silent) -> str:
    """Return the report as HTML."""
    metrics = inputs.metrics
    parts = (_figures, _training, _separation, _classes, _map, _mistakes, _how_made)
    sections = []
    for done, part in enumerate(parts):
        progress("report", done, len(parts))
        sections.append(part(inputs))
    progress("report", len(parts), len(parts))
    return PAGE.substitute(
        title=escape(f"siam: {metrics['run']} on {metrics['dataset']}"),
        verdict=escape(metrics["verdict"]),
        operating_point=escape(f"Operating point: {metrics['operating_point']['words']}."),
        sections="\n".join(section for section in sections if section),
        footer="Made by siam. This file holds everything it shows.",
    )


def _section(title: str, *content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{''.join(content)}</section>"


def _note(text: str) -> str:
    return f'<p class="note">{escape(text)}</p>'


def _plots(plots: Iterable[tuple[str, str]]) -> str:
    """Lay out plots with their captions; the SVG is ours, the caption is text."""
    cards = "".join(
        f'<figure class="card">{svg}<figcaption>{escape(caption)}</figcaption></figure>'
        for svg, caption in plots
    )
    return f'<div class="plots">{cards}</div>'


def _figures(inputs: ReportInputs) -> str:
    metrics = inputs.metrics
    gallery = metrics["retrieval"]
    return _section(
        "Figures",
        _note(
            f"{gallery['queries']:,} test pictures, never seen in training or in choosing a "
            f"threshold, searched among {gallery['gallery_count']:,} pictures "
            f"{'trained on' if gallery['gallery'] == 'train' else 'of the test itself'}. "
            "Intervals are over pictures."
        ),
        figures_table(metrics),
        "<h3>False accepts, asked for and met</h3>",
        calibration_table(metrics),
        "<h3>Pictures unlike the gallery’s</h3>",
        _note(
            "AUROC: chance that such a picture lies farther away than a test picture. "
            "Let through: its share within the distance that accepts 95 % of test pictures."
        ),
        unfamiliar_table(metrics),
    )


def _training(inputs: ReportInputs) -> str:
    plots = history_plots(inputs.history)
    if not plots:
        return ""
    return _section("Training", _plots((svg, "") for svg in plots))


def _separation(inputs: ReportInputs) -> str:
    measured = inputs.measured
    threshold = measured.pair_scores.threshold
    return _section(
        "Same or different",
        _plots(
            (
                (
                    distance_plot(measured.all_pairs, threshold),
                    f"Distances of all {measured.all_pairs.count:,} pairs of test pictures.",
                ),
                (
                    roc_plot(measured.all_pairs, threshold),
                    "ROC of all pairs. Dots: 1, 0.1 and 0.01 % false accepts.",
                ),
                (
                    reliability_plot(
                        {
                            "same class": measured.pair_reliability,
                            "label is right": measured.label_reliability,
                        }
                    ),
                    "Probabilities said and what came true. On the diagonal they agree; "
                    "larger dots stand for more cases.",
                ),
            )
        ),
    )


def _classes(inputs: ReportInputs) -> str:
    plot = confusion_plot(inputs.measured.confusion, inputs.classes)
    caption = "Row: the true class. Column: what the neighbours vote for."
    return _section("Classes", _plots([(plot, caption)]), class_table(inputs.metrics))


def _map(inputs: ReportInputs) -> str:
    count = len(inputs.test.labels)
    if count == 0:
        return ""
    chosen = np.random.default_rng(inputs.seed).permutation(count)[:MAPPED]
    labels = inputs.test.labels[chosen]
    colours = class_colours(len(inputs.classes))
    places = project(inputs.test.embeddings[chosen], seed=inputs.seed)
    sheet, columns = sprite(inputs.test_pictures[chosen])
    data = json.dumps(
        {
            "sheet": sheet,
            "columns": columns,
            "labels": labels.tolist(),
            "names": list(inputs.classes),
        }
    ).replace("<", "\\u003c")  # a class name must not end the script element
    key = ""
    if len(inputs.classes) <= LEGEND_CLASSES:
        key = "".join(
            f'<span style="--colour: {colour}">{escape(name)}</span>'
            for colour, name in zip(colours, inputs.classes, strict=True)
        )
    return _section(
        "Map of the embeddings",
        _note(f"{len(chosen):,} test pictures by t-SNE. Point at one, or touch it, to see it."),
        f'<div class="card" id="map-card">{map_plot(places, labels, colours)}'
        '<div id="map-tip"><i></i><span></span></div>'
        f'<div class="key">{key}</div></div>'
        f'<script type="application/json" id="map-data">{data}</script>',
    )


def _mistakes(inputs: ReportInputs) -> str:
    closest, farthest = worst_pairs(inputs.test.embeddings, inputs.test.labels, SHOWN)
    return _section(
        "Worst mistakes",
        _note("Often a mislabelled or unreadable picture; each picture is shown once."),
        "<h3>Closest pairs of different classes</h3>",
        _pairs(inputs, closest),
        "<h3>Farthest pairs of one class</h3>",
        _pairs(inputs, farthest),
        "<h3>Wrong labels, the surest first</h3>",
        _wrong(inputs),
    )


def _pairs(inputs: ReportInputs, pairs: WorstPairs) -> str:
    cards = []
    for left, right, distance in zip(pairs.left, pairs.right, pairs.distances, strict=True):
        names = " | ".join(inputs.classes[inputs.test.labels[row]] for row in (left, right))
        pictures = [inputs.test_pictures[row] for row in (left, right)]
        cards.append(_mistake(pictures, names, f"distance {distance:.3f}"))
    return _gallery(cards)


def _wrong(inputs: ReportInputs) -> str:
    found = inputs.measured.retrieval
    probabilities = np.array([verdict.probability for verdict in inputs.measured.verdicts])
    cards = []
    for row in wrong_neighbours(found.right, probabilities, SHOWN):
        voted, verdict = int(found.voted[row]), inputs.measured.verdicts[row]
        pictures = [inputs.test_pictures[row]]
        if found.neighbours.positions.shape[1]:
            pictures.append(inputs.gallery_pictures[found.neighbours.positions[row, 0]])
        name = inputs.classes[voted] if voted >= 0 else "none"
        cards.append(
            _mistake(
                pictures,
                f"{inputs.classes[inputs.test.labels[row]]} taken for {name}",
                f"{verdict.verdict}, {100 * verdict.probability:.0f} % probable",
            )
        )
    return _gallery(cards)


def _mistake(pictures: Sequence[np.ndarray], first: str, second: str) -> str:
    images = "".join(
        f'<img src="{picture_uri(picture)}" alt="{escape(first)}">' for picture in pictures
    )
    return (
        f'<figure class="mistake"><div>{images}</div>{escape(first)}<br>'
        f'<span class="soft">{escape(second)}</span></figure>'
    )


def _gallery(cards: Sequence[str]) -> str:
    return f'<div class="gallery">{"".join(cards)}</div>' if cards else _note("None.")


def _how_made(inputs: ReportInputs) -> str:
    content = []
    if inputs.diagram:
        kind = "image/png" if inputs.diagram.startswith(b"\x89PNG") else "image/svg+xml"
        picture = f'<img alt="Layers of the model" src="{data_uri(inputs.diagram, kind)}">'
        content.append(f'<h3>Model</h3><div class="card diagram">{picture}</div>')
    if inputs.config:
        content.append(
            f'<h3>Configuration</h3><div class="card"><pre>{escape(inputs.config)}</pre></div>'
        )
    if inputs.versions:
        rows = [[name, version] for name, version in inputs.versions.items()]
        content.append(f"<h3>Versions</h3>{table(['part', 'version'], rows)}")
    return _section("How it was made", *content) if content else ""
