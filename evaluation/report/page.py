"""`report.html`: a run's results in one file that needs no network and no server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from siam.array_types import Pictures
from siam.evaluation.distances import Embedded
from siam.evaluation.measure import Measurements
from siam.evaluation.mistakes import WorstPairs, wrong_neighbours
from siam.evaluation.pairs import FALSE_ACCEPT_RATES, true_accept_key
from siam.evaluation.report.background import SHOWN, Background
from siam.evaluation.report.embedding_map import class_colours, map_plot
from siam.evaluation.report.inline_pictures import data_uri, picture_uri, sprite
from siam.evaluation.report.plots import (
    confusion_plot,
    distance_plot,
    history_plots,
    reliability_plot,
    roc_plot,
)
from siam.evaluation.report.render import render
from siam.evaluation.report.svg import Plot
from siam.evaluation.report.tables import (
    Table,
    calibration_table,
    can_be_measured,
    class_table,
    figures_table,
    out_of_distribution_table,
)
from siam.progress import Progress, Stage, silent

__all__ = ["ReportInputs", "render_report"]

# More names than this make no legend.
LEGEND_CLASSES = 30


@dataclass(frozen=True)
class ReportInputs:
    """What a report shows, as plain data.

    Attributes:
        metrics: what `summarise` returned.
        measurements: what `measure` returned.
        classes: class names.
        test: embeddings and labels of the test pictures.
        background: what was begun of them already.
        test_pictures: uint8 (n, height, width, channels), in the same order.
        test_files: where each of them came from, in the same order.
        gallery_picture: gives a picture of the gallery that `measure` searched by its row, uint8
            (height, width, channels), or None where none is kept.
        gallery_file: says where such a picture came from, by its row.
        history: one row per epoch, name -> value; "val_x" beside "x".
        config: the run's configuration as text.
        versions: what -> version that made the run.
        diagram: the model's diagram, SVG bytes.
        state: names what the report was made of, so that it need not be made again.
    """

    metrics: dict[str, Any]
    measurements: Measurements
    classes: Sequence[str]
    test: Embedded
    background: Background
    test_pictures: Pictures
    test_files: Sequence[str]
    gallery_picture: Callable[[int], Pictures | None]
    gallery_file: Callable[[int], str]
    history: Sequence[dict[str, float]]
    config: str
    versions: Mapping[str, str]
    diagram: bytes
    state: str = ""


def render_report(inputs: ReportInputs, *, progress: Progress = silent) -> str:
    """Return the report as HTML."""
    parts = (_tables, _training, _separation, _confusion, _provenance, _mistakes, _map)
    content: dict[str, Any] = {}
    for step, part in enumerate(parts):
        stage = Stage("Writing the report", part.__name__.removeprefix("_"))
        progress(stage, step, len(parts))
        content |= part(inputs)
    progress("Writing the report", len(parts), len(parts))
    metrics = inputs.metrics
    title = f"siam: {metrics['run']} on {metrics['dataset']}"
    return render("report.html", title=title, metrics=metrics, state=inputs.state, **content)


def _tables(inputs: ReportInputs) -> dict[str, Any]:
    return {
        "figures": figures_table(inputs.metrics),
        "calibration": calibration_table(inputs.metrics),
        "out_of_distribution": out_of_distribution_table(inputs.metrics),
        "classes": class_table(inputs.metrics),
    }


def _training(inputs: ReportInputs) -> dict[str, Any]:
    return {"training": [Plot(svg) for svg in history_plots(inputs.history)]}


def _separation(inputs: ReportInputs) -> dict[str, Any]:
    measurements = inputs.measurements
    threshold = measurements.pair_scores.threshold
    reliability = {
        "same class": measurements.pair_reliability,
        "label is right": measurements.label_reliability,
    }
    return {
        "separation": [
            Plot(
                distance_plot(measurements.all_pairs, threshold),
                f"Distances of all {measurements.all_pairs.count:,} pairs of test pictures.",
            ),
            Plot(
                roc_plot(measurements.all_pairs, threshold),
                f"ROC of all pairs. Dots: {measured_rates(inputs.metrics)} false accepts.",
            ),
            Plot(
                reliability_plot(reliability),
                "Probabilities said and what came true. On the diagonal they agree; "
                "larger dots stand for more cases.",
            ),
        ]
    }


def measured_rates(metrics: Mapping[str, Any]) -> str:
    """Name the false-accept rates that there are pairs enough for."""
    rates = [
        r for r in FALSE_ACCEPT_RATES if can_be_measured(metrics["all_pairs"], true_accept_key(r))
    ]
    return f"{', '.join(f'{100 * rate:g}' for rate in rates)} %" if rates else "no"


def _confusion(inputs: ReportInputs) -> dict[str, Any]:
    caption = "Row: the true class. Column: what the neighbours vote for."
    svg = confusion_plot(inputs.measurements.confusion, inputs.classes)
    return {"confusion": [Plot(svg, caption)]}


def _map(inputs: ReportInputs) -> dict[str, Any]:
    rows = inputs.background.rows
    labels = inputs.test.labels[rows]
    colours = class_colours(len(inputs.classes))
    sheet, columns = sprite(inputs.test_pictures[rows])
    legend = list(zip(inputs.classes, colours, strict=True))
    return {
        "map": {
            "count": len(rows),
            "svg": map_plot(inputs.background.places.result(), labels, colours),
            "legend": legend if len(legend) <= LEGEND_CLASSES else [],
            "data": {
                "sheet": sheet,
                "columns": columns,
                "labels": labels.tolist(),
                "names": list(inputs.classes),
            },
        }
    }


@dataclass(frozen=True)
class Mistake:
    """One or two pictures as data addresses, two lines about them, and their files."""

    pictures: Sequence[str]
    title: str
    detail: str
    files: Sequence[str]


def _mistakes(inputs: ReportInputs) -> dict[str, Any]:
    closest, farthest = inputs.background.worst.result()
    return {
        "mistakes": {
            "closest": _pair_mistakes(inputs, closest),
            "farthest": _pair_mistakes(inputs, farthest),
            "labels": _label_mistakes(inputs),
        }
    }


def _pair_mistakes(inputs: ReportInputs, pairs: WorstPairs) -> list[Mistake]:
    return [
        Mistake(
            [picture_uri(inputs.test_pictures[row]) for row in (left, right)],
            " | ".join(inputs.classes[inputs.test.labels[row]] for row in (left, right)),
            f"distance {distance:.3f}",
            [inputs.test_files[row] for row in (left, right)],
        )
        for left, right, distance in zip(pairs.left, pairs.right, pairs.distances, strict=True)
    ]


def _label_mistakes(inputs: ReportInputs) -> list[Mistake]:
    retrieval = inputs.measurements.retrieval
    probabilities = np.array([verdict.probability for verdict in inputs.measurements.verdicts])
    mistakes = []
    for row in wrong_neighbours(retrieval.correct, probabilities, SHOWN):
        label, verdict = int(retrieval.predictions[row]), inputs.measurements.verdicts[row]
        pictures, files = [inputs.test_pictures[row]], [inputs.test_files[row]]
        if retrieval.neighbours.positions.shape[1]:
            place = int(retrieval.neighbours.positions[row, 0])
            nearest = inputs.gallery_picture(place)
            pictures += [nearest] if nearest is not None else []
            files.append(inputs.gallery_file(place))
        name = inputs.classes[label] if label >= 0 else "none"
        mistakes.append(
            Mistake(
                [picture_uri(picture) for picture in pictures],
                f"{inputs.classes[inputs.test.labels[row]]} taken for {name}",
                f"{verdict.verdict}, {100 * verdict.probability:.0f} % probable",
                files,
            )
        )
    return mistakes


def _provenance(inputs: ReportInputs) -> dict[str, Any]:
    return {
        "diagram": data_uri(inputs.diagram, "image/svg+xml"),
        "config": inputs.config,
        "versions": Table(["part", "version"], list(inputs.versions.items())),
    }
