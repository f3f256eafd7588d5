"""The comparison as one HTML page that needs nothing beside it: verdict, tables, curves."""

from __future__ import annotations

import io
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from siam.atomic import write_text
from siam.engine.comparison.figures import PAGE_FILE, Comparison, Contestant
from siam.errors import MissingExtraError
from siam.evaluation.intervals import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FIGURES", "figure_text", "write_page"]

# (key, heading) of what is judged, for known and for new classes alike.
FIGURES = (
    ("accuracy", "label accuracy"),
    ("recall@1", "Recall@1"),
    ("pair_accuracy", "pairs by distance"),
    ("pair_accuracy_by_label", "pairs by label"),
    ("pair_auc", "pair AUC"),
)
STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { padding: .3rem .8rem; text-align: right; border-bottom: 1px solid #8884; }
th:first-child { text-align: left; }
td small { display: block; opacity: .7; }
figure { margin: 1rem 0; background: #fff; border-radius: .4rem; }
svg { max-width: 100%; height: auto; }
"""


def write_page(folder: Path, comparison: Comparison) -> Path:
    """Write `comparison.html`; curves are drawings inside it, no file or address is loaded.

    Args:
        folder: where it goes.
        comparison: what it shows.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    page = folder / PAGE_FILE
    write_text(page, html(comparison))
    return page


def html(comparison: Comparison) -> str:
    """Return the page's text."""
    title = f"siam compare: {escape(comparison.dataset)}"
    counts, terms = comparison.pictures, comparison.terms
    known = f"{len(comparison.classes)} classes, {counts['test']:,} test pictures"
    parts = [
        f"<h1>{title}</h1>",
        *(f"<p>{escape(sentence)}</p>" for sentence in comparison.verdict),
        scores_table(f"Classes trained on ({known})", comparison.contestants, "seen"),
    ]
    if counts["asked"]:
        new = (
            f"New classes, never trained on: {', '.join(comparison.unseen_classes)} "
            f"({counts['shown']:,} pictures shown, {counts['asked']:,} asked for)"
        )
        parts.append(scores_table(new, comparison.contestants, "unseen"))
    parts += [
        costs_table(comparison.contestants),
        f"<figure>{curves(comparison.contestants)}</figure>",
        f"<p>Equal terms: {counts['train']:,} training pictures, {terms['epochs']} epochs, "
        f"batches of {terms['batch']}, {escape(terms['precision'])}, seed {terms['seed']}, "
        f"{escape(terms['backend'])} on {escape(terms['device'])}. Figures are shares of 1, larger "
        "= better; below each, its 95 % interval over pictures. Thresholds were chosen on "
        "validation pictures. The Siamese network names a picture by the vote of its 10 nearest "
        "neighbours; a classifier is compared by the distance of its penultimate features.</p>",
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def figure_text(value: float) -> str:
    """Return a share as text with the digits it can show."""
    return f"{value:.4f}"


def scores_table(caption: str, contestants: tuple[Contestant, ...], which: str) -> str:
    """Return a table of figures with their intervals, a contestant a row."""
    rows = []
    for contestant in contestants:
        figures: dict[str, tuple[float, Interval]] = getattr(contestant.scores, which)
        cells = [
            f"<td>{figure_text(figures[key][0])}<small>{figures[key][1][0]:.4f} to "
            f"{figures[key][1][1]:.4f}</small></td>"
            if key in figures
            else "<td>-</td>"
            for key, _ in FIGURES
        ]
        rows.append(f"<tr><th>{contestant.name}</th>{''.join(cells)}</tr>")
    return table(caption, [heading for _, heading in FIGURES], rows)


def costs_table(contestants: tuple[Contestant, ...]) -> str:
    """Return a table of what each contestant costs."""
    rows = [
        f"<tr><th>{one.name}</th><td>{one.parameters:,}</td><td>{one.size_bytes / 1e6:.2f} MB</td>"
        f"<td>{one.training_seconds:.1f} s</td><td>{one.pictures_per_second:,.0f}</td>"
        f"<td>{one.cold_start_seconds:.2f} s</td><td>{one.answers_by}</td></tr>"
        for one in contestants
    ]
    headings = ["parameters", "file", "training", "pictures a second", "cold start", "answers by"]
    return table("What each costs", headings, rows)


def table(caption: str, headings: list[str], rows: list[str]) -> str:
    """Return an HTML table."""
    head = "".join(f"<th>{heading}</th>" for heading in headings)
    rows = [f"<tr><th></th>{head}</tr>", *rows]
    return f"<table><caption>{escape(caption)}</caption>{''.join(rows)}</table>"


def curves(contestants: tuple[Contestant, ...]) -> str:
    """Return the losses over the epochs as an SVG drawing."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("The comparison's page", "train") from error

    figure = Figure(figsize=(9, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    draw_curves(left, contestants, "loss", "training loss")
    draw_curves(right, contestants, "val_loss", "validation loss")
    drawn = io.StringIO()
    # No date inside: the same comparison gives the same page.
    figure.savefig(drawn, format="svg", metadata={"Date": None})
    text = drawn.getvalue()
    return text[text.index("<svg") :]


def draw_curves(axes: Axes, contestants: tuple[Contestant, ...], key: str, title: str) -> None:
    """Draw one quantity of every contestant over the epochs.

    Losses of different kinds share no scale, so each is drawn as a share of its first value.
    """
    for one in contestants:
        values = [row[key] for row in one.history if key in row]
        if values and values[0] > 0:
            epochs = range(1, len(values) + 1)
            shares = [value / values[0] for value in values]
            axes.plot(epochs, shares, marker="o", markersize=3, label=one.name)
    axes.set_title(title, fontsize=10)
    axes.set_xlabel("epoch")
    axes.set_ylabel("share of the first epoch's")
    axes.set_yscale("log")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
