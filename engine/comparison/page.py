"""The comparison as one HTML page that needs nothing beside it: verdict, tables, curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from siam.engine.comparison.figures import Comparison, Contestant
from siam.evaluation.intervals import Figure
from siam.evaluation.report.plots import comparison_plot
from siam.evaluation.report.render import render
from siam.evaluation.report.svg import Plot
from siam.evaluation.report.tables import Cell, Table

__all__ = ["costs_table", "render_comparison", "scores_table"]

# (key, heading) of what is judged, for known and for new classes alike.
FIGURES = (
    ("accuracy", "label accuracy"),
    ("recall@1", "Recall@1"),
    ("pair_accuracy", "pairs by distance"),
    ("pair_accuracy_by_label", "pairs by label"),
    ("pair_auc", "pair AUC"),
)


def render_comparison(comparison: Comparison) -> str:
    """Return `comparison.html`; curves are drawings inside it, no file or address is loaded.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
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
        known=scores_table(contestants, "seen"),
        new=scores_table(contestants, "unseen"),
        costs=costs_table(contestants),
        curves=[Plot(comparison_plot(histories, key, title=title)) for key, title in curves],
    )


def scores_table(contestants: Sequence[Contestant], which: Literal["seen", "unseen"]) -> Table:
    """Return the table of figures with their intervals, a contestant a row."""

    def cell(figure: Figure | None) -> str | Cell:
        if figure is None:
            return "–"
        value, (low, high) = figure
        return Cell(f"{value:.4f}", f"{low:.4f} to {high:.4f}")

    scores = [(one.name, getattr(one.scores, which)) for one in contestants]
    rows = [[name, *(cell(figures.get(key)) for key, _ in FIGURES)] for name, figures in scores]
    return Table(["", *(heading for _, heading in FIGURES)], rows)


def costs_table(contestants: Sequence[Contestant]) -> Table:
    """Return the table of what each contestant costs."""
    head = ["", "parameters", "file", "training", "pictures a second", "cold start", "answers by"]
    rows = [
        [
            one.name,
            f"{one.parameters:,}",
            f"{one.size_bytes / 1e6:.2f} MB",
            f"{one.training_seconds:.1f} s",
            f"{one.pictures_per_second:,.0f}",
            f"{one.cold_start_seconds:.2f} s",
            one.answers_by,
        ]
        for one in contestants
    ]
    return Table(head, rows)
