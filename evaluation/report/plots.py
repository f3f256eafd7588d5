"""The report's plots, each one a function from figures to an SVG element."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from siam.array_types import Integers
from siam.evaluation.all_pairs import BINS, AllPairs
from siam.evaluation.pairs import FALSE_ACCEPT_RATES
from siam.evaluation.reliability import Reliability
from siam.evaluation.report.svg import ACCENT, DIFFERENT, SAME, figure, to_svg
from siam.evaluation.roc import equal_error, threshold_at, true_accept_rate_at
from siam.printable import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "comparison_plot",
    "confusion_plot",
    "distance_plot",
    "history_plots",
    "reliability_plot",
    "roc_plot",
]

BARS = 100
CURVE_POINTS = 400
# Beyond this a matrix's numbers, and then its names, can no longer be read.
NUMBERED_CLASSES = 15
NAMED_CLASSES = 40


def history_plots(history: Sequence[dict[str, float]]) -> list[str]:
    """Plot the training curves, one plot per quantity, training and validation together.

    Args:
        history: one row per epoch; "val_x" is drawn with "x". "epoch" is the horizontal axis,
            counted from 1 where it is missing. Values that are not finite are left out.
    """
    if not history:
        return []
    epochs = [row.get("epoch", place + 1) for place, row in enumerate(history)]
    names = list(dict.fromkeys(key for row in history for key in row if key != "epoch"))
    quantities = list(dict.fromkeys(name.removeprefix("val_") for name in names))
    plots = []
    for place, quantity in enumerate(quantities):
        curves = ((quantity, "training", ACCENT), (f"val_{quantity}", "validation", DIFFERENT))
        with figure(5.0, 3.0) as (drawing, axes):
            for key, label, colour in curves:
                values = np.array([row.get(key, np.nan) for row in history], np.float64)
                finite = np.isfinite(values)
                if finite.any():
                    axes.plot(np.array(epochs)[finite], values[finite], color=colour, label=label)
            axes.set_xlabel("epoch")
            title = printable(quantity.replace("_", " "))
            axes.set_title(title, parse_math=False)
            _legend(drawing)
            plots.append(to_svg(drawing, f"history{place}", "Training curve"))
    return plots


def comparison_plot(
    histories: Mapping[str, Sequence[Mapping[str, float]]], quantity: str, *, title: str
) -> str:
    """Plot one quantity of several trainings over the epochs.

    Losses of different kinds share no scale, so each is drawn as a share of its first value.

    Args:
        histories: name -> one row per epoch.
        quantity: key of a row, such as "val_loss".
        title: of the plot.
    """
    with figure() as (drawing, axes):
        for name, history in histories.items():
            values = [row[quantity] for row in history if quantity in row]
            if values and values[0] > 0:
                shares = np.array(values) / values[0]
                axes.plot(range(1, len(values) + 1), shares, "o-", markersize=3, label=name)
        axes.set(yscale="log", xlabel="epoch", ylabel="share of the first epoch's", title=title)
        _legend(drawing)
        return to_svg(drawing, quantity, title)


def distance_plot(pairs: AllPairs, threshold: float) -> str:
    """Plot how many same and different pairs lie at each distance, with the threshold."""
    with figure() as (drawing, axes):
        edges = np.linspace(0, 2, BARS + 1)
        for counts, label, colour in (
            (pairs.same, "same class", SAME),
            (pairs.different, "different classes", DIFFERENT),
        ):
            shares = counts.reshape(BARS, BINS // BARS).sum(axis=1) / max(1, counts.sum())
            axes.stairs(100 * shares, edges, fill=True, alpha=0.55, color=colour, label=label)
        axes.axvline(threshold, color=ACCENT, linewidth=2, label=f"threshold {threshold:.3g}")
        axes.set(xlabel="distance (smaller = closer)", ylabel="% of pairs", xlim=(0, 2))
        _legend(drawing)
        return to_svg(drawing, "distances", "Histogram of distances of same and different pairs")


def roc_plot(pairs: AllPairs, threshold: float) -> str:
    """Plot true accepts over false accepts, with the EER and the usual operating points."""
    curve = pairs.roc()
    smallest = 1 / max(2, int(pairs.different.sum()))
    rates = np.logspace(np.log10(smallest), 0, CURVE_POINTS)
    error, _ = equal_error(curve)
    place = int(np.searchsorted(curve.thresholds, threshold, side="right")) - 1
    with figure() as (drawing, axes):
        accepts = [100 * true_accept_rate_at(curve, rate) for rate in rates]
        axes.plot(100 * rates, accepts, color=SAME, linewidth=2)
        axes.plot(
            100 * error, 100 * (1 - error), "D", color=DIFFERENT, label=f"EER {100 * error:.2g} %"
        )
        for rate in FALSE_ACCEPT_RATES:
            if rate >= smallest and threshold_at(curve, rate) >= 0:
                axes.plot(100 * rate, 100 * true_accept_rate_at(curve, rate), "o", color=SAME)
        axes.plot(
            100 * max(curve.false_accept_rates[place], smallest),
            100 * curve.true_accept_rates[place],
            "*",
            markersize=13,
            color=ACCENT,
            label=f"threshold {threshold:.3g}",
        )
        axes.set(
            xscale="log",
            xlabel="false accepts, % of different pairs",
            ylabel="true accepts, % of same pairs",
        )
        _legend(drawing)
        return to_svg(drawing, "roc", "ROC curve with the equal error rate and operating points")


def reliability_plot(curves: dict[str, Reliability]) -> str:
    """Plot accuracy over confidence; on the diagonal they agree.

    Args:
        curves: what the probability says -> how it held.
    """
    with figure() as (drawing, axes):
        axes.plot([0, 100], [0, 100], color=ACCENT, linewidth=1, linestyle="--", label="ideal")
        for (name, curve), colour in zip(curves.items(), (SAME, DIFFERENT), strict=False):
            if len(curve.counts) == 0:
                continue
            sizes = 10 + 90 * np.sqrt(curve.counts / curve.counts.max())
            label = f"{name} (error {100 * curve.ece:.2g} %)"
            axes.plot(100 * curve.confidences, 100 * curve.accuracies, color=colour, alpha=0.6)
            # Most cases lie at 0 and 100 %: their large dots reach over the frame.
            points = 100 * curve.confidences, 100 * curve.accuracies
            axes.scatter(*points, sizes, color=colour, label=label, clip_on=False, zorder=3)
        axes.set(xlabel="probability, %", ylabel="came true, %", xlim=(-3, 103), ylim=(-3, 103))
        _legend(drawing, columns=1)
        return to_svg(drawing, "reliability", "Reliability curve")


def confusion_plot(matrix: Integers, classes: Sequence[str]) -> str:
    """Plot the confusion matrix, shaded by the share of each true class.

    Args:
        matrix: int64 (classes, classes), row = true class, column = voted class.
        classes: their names.
    """
    from matplotlib.colors import LinearSegmentedColormap, to_rgba

    count = len(classes)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    # From transparent, so that an empty cell shows the page, light or dark.
    shades = LinearSegmentedColormap.from_list("s", [to_rgba(ACCENT, 0.0), to_rgba(ACCENT, 0.9)])
    with figure(5.0, 4.6) as (drawing, axes):
        # The root makes a few mistakes among thousands visible.
        axes.pcolormesh(np.sqrt(shares), cmap=shades, vmin=0, vmax=1, rasterized=count > 60)
        axes.grid(visible=False)
        axes.set(xlabel="voted class", ylabel="true class")
        axes.invert_yaxis()
        axes.set_aspect("equal")
        name_count = count if count <= NAMED_CLASSES else 0
        ticks, names = np.arange(name_count) + 0.5, [_short(name) for name in classes[:name_count]]
        size = 10 if count <= NUMBERED_CLASSES else 6
        rotation = 0 if max(map(len, names), default=0) <= 2 else 90
        axes.set_xticks(ticks, names, rotation=rotation, fontsize=size, parse_math=False)
        axes.set_yticks(ticks, names, fontsize=size, parse_math=False)
        if count <= NUMBERED_CLASSES:
            for row, column in zip(*np.nonzero(matrix), strict=True):
                axes.text(
                    column + 0.5, row + 0.5, str(matrix[row, column]),
                    ha="center", va="center", fontsize=8,
                )  # fmt: skip
        return to_svg(drawing, "confusion", "Confusion matrix")


def _legend(drawing: Figure, *, columns: int = 2) -> None:
    """Put the legend below the axes, where it hides nothing."""
    drawing.legend(loc="outside lower center", ncols=columns)


def _short(name: str) -> str:
    name = printable(name)
    return name if len(name) <= 14 else f"{name[:13]}…"
