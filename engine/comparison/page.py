"""The comparison as one HTML page that needs nothing beside it: verdict, tables, curves."""

from __future__ import annotations

from pathlib import Path

from siam.atomic import write_text
from siam.engine.comparison.figures import PAGE_FILE, Comparison, Contestant
from siam.evaluation.intervals import Interval
from siam.evaluation.report.plots import comparison_plot
from siam.evaluation.report.render import render
from siam.evaluation.report.svg import Plot
from siam.evaluation.report.tables import Cell, Table

__all__ = [
    "COSTS",
    "FIGURES",
    "cost_cells",
    "figure_text",
    "render_comparison",
    "write_page",
]

# (key, heading) of what is judged, for known and for new classes alike.
FIGURES = (
    ("accuracy", "label accuracy"),
    ("recall@1", "Recall@1"),
    ("pair_accuracy", "pairs by distance"),
    ("pair_accuracy_by_label", "pairs by label"),
    ("pair_auc", "pair AUC"),
)
COSTS = ("parameters", "file", "training", "pictures a second", "cold start", "answers by")


def write_page(folder: Path, comparison: Comparison) -> Path:
    """Write `comparison.html`; curves are drawings inside it, no file or address is loaded.

    Args:
        folder: where it goes.
        comparison: what it shows.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    page = folder / PAGE_FILE
    write_text(page, render_comparison(comparison))
    return page


def render_comparison(comparison: Comparison) -> str:
    """Return the page's text."""
    contestants = comparison.contestants
    histories = {one.name: one.history for one in contestants}
    curves = (("loss", "training loss"), ("val_loss", "validation loss"))
    return render(
        "comparison.html",
        title=f"siam compare: {comparison.dataset}",
        verdict=comparison.verdict,
        pictures=comparison.pictures,
        terms=comparison.terms,
        known_classes=len(comparison.classes),
        new_classes=comparison.unseen_classes,
        known=scores_table([(one.name, one.scores.seen) for one in contestants]),
        new=scores_table([(one.name, one.scores.unseen) for one in contestants]),
        costs=costs_table(contestants),
        curves=[Plot(comparison_plot(histories, key, title=title)) for key, title in curves],
    )


def figure_text(value: float) -> str:
    """Return a share as text with the digits it can show."""
    return f"{value:.4f}"


def scores_table(scores: list[tuple[str, dict[str, tuple[float, Interval]]]]) -> Table:
    """Return the table of figures with their intervals, a contestant a row."""

    def cell(figure: tuple[float, Interval] | None) -> str | Cell:
        if figure is None:
            return "–"
        value, (low, high) = figure
        return Cell(figure_text(value), f"{low:.4f} to {high:.4f}")

    rows = [[name, *(cell(figures.get(key)) for key, _ in FIGURES)] for name, figures in scores]
    return Table(["", *(heading for _, heading in FIGURES)], rows)


def costs_table(contestants: tuple[Contestant, ...]) -> Table:
    """Return the table of what each contestant costs."""
    return Table(["", *COSTS], [[one.name, *cost_cells(one)] for one in contestants])


def cost_cells(contestant: Contestant) -> list[str]:
    """Return what a contestant costs, a text for each of `COSTS`."""
    return [
        f"{contestant.parameters:,}",
        f"{contestant.size_bytes / 1e6:.2f} MB",
        f"{contestant.training_seconds:.1f} s",
        f"{contestant.pictures_per_second:,.0f}",
        f"{contestant.cold_start_seconds:.2f} s",
        contestant.answers_by,
    ]
