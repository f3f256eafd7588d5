"""Write a run's `report.html`: at the end of training, and again whenever it is asked for."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from siam import __version__
from siam.array_types import Pictures
from siam.atomic import write_text
from siam.engine.calibrate import EmbeddedRun, index_commit, measure_run, summarise_run
from siam.engine.evaluate import embed_opened, kept_figures
from siam.engine.index.training_set import origins_of
from siam.engine.open_run import OpenRun, open_run
from siam.evaluation.measure import Measurements
from siam.evaluation.report.background import Background, work_ahead
from siam.evaluation.report.page import ReportInputs, render_report
from siam.pictures.thumbnail import decode_thumbnail
from siam.progress import Progress, silent
from siam.run_files import (
    CONFIG_FILE,
    HELD_OUT_FILE,
    HISTORY_FILE,
    METRICS_FILE,
    NETWORK_FILE,
    REPORT_FILE,
)
from siam.runs.chosen_store import OWN
from siam.runs.lifecycle import run_name
from siam.runs.manifest import versions
from siam.runs.own_runs import was_trained_here
from siam.training.native_logs import quiet_native_logs
from siam.training.position import read_history

__all__ = ["report_run", "write_run_report"]

# What is read of a run beside what every query needs.
FILES = (HELD_OUT_FILE, HISTORY_FILE, METRICS_FILE, NETWORK_FILE)


def report_run(
    name: str | None = None,
    *,
    progress: Progress = silent,
    notice: Callable[[str], None] = lambda _: None,
) -> Path:
    """Measure a run anew and write its report, unless what is there was made of the same.

    Args:
        name: a run's name or path; the newest finished run when left out.
        progress: told of the work.
        notice: told in a sentence where the report is the one that was there.

    Returns:
        The report's path.

    Raises:
        RunError: no such run, or one of its files is missing or damaged.
        MissingExtraError: scikit-learn, matplotlib or Keras is not installed.
    """
    with open_run(name, also=FILES, store=OWN) as run:
        if was_trained_here(run.path) and is_made_of(run.path / REPORT_FILE, state_of(run)):
            notice("As it was: neither the run nor its index has changed since it was written.")
            return run.path / REPORT_FILE
        embedded = embed_opened(run, progress=progress)
        with work_ahead(embedded.test, seed=run.config.train.seed) as background:
            measured = measure_run(run, embedded, progress=progress)
            progress("Computing intervals", 0, 0)
            metrics = summarise_run(run, embedded, measured, *kept_figures(run))
            return write_run_report(run, embedded, measured, metrics, background, progress=progress)


def state_of(run: OpenRun) -> str:
    """Name what a report is made of: this siam, the run and its encoder, and the index as it is.

    The manifest vouches for the rest.
    """
    return f"{__version__} {run_name(run.path)} {run.encoder.hash} {index_commit(run.gallery)}"


def is_made_of(report: Path, state: str) -> bool:
    """Tell whether a report is there, whole, and of a state."""
    try:
        page = report.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return f'<meta name="siam-state" content="{state}">' in page and page.rstrip().endswith(
        "</html>"
    )


def write_run_report(
    run: OpenRun,
    embedded: EmbeddedRun,
    measured: Measurements,
    metrics: Mapping[str, Any],
    background: Background,
    *,
    progress: Progress = silent,
) -> Path:
    """Write the report of a run that was measured already; return its path."""
    progress("Drawing the network", 0, 0)
    path = run.path / REPORT_FILE

    def gallery_picture(row: int) -> Pictures | None:
        [png] = run.gallery.thumbnails(embedded.gallery_ids[row : row + 1])
        return decode_thumbnail(png) if png else None

    def gallery_file(row: int) -> str:
        [item] = run.gallery.items(embedded.gallery_ids[row : row + 1])
        return item.origin

    inputs = ReportInputs(
        metrics=dict(metrics),
        measurements=measured,
        classes=run.config.classes,
        test=embedded.test,
        background=background,
        test_pictures=embedded.test_pictures,
        test_files=origins_of(run.config.source, embedded.test_files),
        gallery_picture=gallery_picture,
        gallery_file=gallery_file,
        history=read_history(run.path),
        config=(run.path / CONFIG_FILE).read_text("utf-8"),
        versions=versions(),
        diagram=diagram(run.path, progress),
        state=state_of(run),
    )
    write_text(path, render_report(inputs, progress=progress))
    return path


def diagram(run: Path, progress: Progress) -> bytes:
    """Draw the run's network as SVG."""
    with quiet_native_logs(progress):
        from siam.siamese.diagram import draw_network
        from siam.siamese.network import load_network

        network = load_network(run / NETWORK_FILE)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6), layout="constrained")
    draw_network(figure.subplots(), network)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="svg")
    return drawn.getvalue()
