"""Evaluate a run on the test pictures it keeps, alone or beside another."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

from siam import __version__
from siam.engine.calibrate import (
    EmbeddedRun,
    embed_run,
    index_commit,
    measure_run,
    summarise_run,
)
from siam.engine.open_run import OpenRun, open_run
from siam.errors import UsageError
from siam.evaluation.measure import Measurements
from siam.progress import Progress, silent
from siam.run_files import HELD_OUT_FILE, METRICS_FILE
from siam.runs.chosen_store import OWN
from siam.runs.manifest import read_manifest
from siam.runs.own_runs import was_trained_here

__all__ = ["compare_runs", "evaluate_run", "kept_figures", "measured_run"]

# What is read of a run beside what every query needs.
FILES = (HELD_OUT_FILE, METRICS_FILE)


def evaluate_run(
    name: str | None = None,
    *,
    false_accept_rate: float | None = None,
    threshold: float | None = None,
    progress: Progress = silent,
    notice: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Score a run's test pictures, or say what training measured where nothing has changed since.

    Args:
        name: a run's name or path; the newest finished run when left out.
        false_accept_rate: false-accept rate to keep, instead of the most accurate threshold.
        threshold: distance to keep, 0 to 2, instead of both.
        progress: told of the work.
        notice: told in a sentence where the figures are those of training.

    Returns:
        What `siam evaluate --json` prints; see docs/evaluation.md.

    Raises:
        RunError: no such run, or one of its files is missing or damaged.
        MissingExtraError: scikit-learn is not installed.
    """
    with open_run(name, also=FILES, store=OWN) as run:
        if false_accept_rate is None and threshold is None and (kept := read_metrics(run)):
            notice("As measured after training: the index has not changed since.")
            return kept
        embedded, measured = measured_run(
            run, false_accept_rate=false_accept_rate, threshold=threshold, progress=progress
        )
        progress("Computing intervals", 0, 0)
        return summarise_run(run, embedded, measured, *kept_figures(run))


def read_metrics(run: OpenRun) -> dict[str, Any] | None:
    """Return what this siam measured when it trained a run, unless the index has changed since.

    The manifest vouches for the rest: encoder, calibration, test pictures and the figures. That of
    a run from elsewhere vouches for what its sender likes, so such a run is measured.
    """
    metrics = own_metrics(run)
    if metrics is None or "advice" not in metrics:  # a siam before this one gave no verdict
        return None
    same = read_manifest(run.path).versions.get("siam") == __version__
    if not same or metrics.get("index") != index_commit(run.gallery):
        return None
    return {**metrics, "run": run.name}


def own_metrics(run: OpenRun) -> dict[str, Any] | None:
    """Return what training wrote of a run that was trained here."""
    if not was_trained_here(run.path):
        return None
    metrics: dict[str, Any] = json.loads((run.path / METRICS_FILE).read_bytes())
    return metrics


def kept_figures(run: OpenRun) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return what only training could measure: of classes held out of it, of the run before it.

    Each is None where there was none, or where somebody else says so.
    """
    metrics = own_metrics(run) or {}
    return metrics.get("unseen"), metrics.get("base")


def compare_runs(
    name: str | None,
    other: str,
    *,
    progress: Progress = silent,
    notice: Callable[[str], None] = lambda _: None,
) -> dict[str, dict[str, Any]]:
    """Compare two runs on the same test pictures, by a paired test over pictures.

    Args:
        name: the first run; the newest finished run when left out.
        other: the second run.
        progress: told of the work.
        notice: told in a sentence what must be said before any figure.

    Returns:
        Figure name -> both values, their difference (first - second), its 95 % interval, the
        p value, and whether it is larger than chance.

    Raises:
        UsageError: the runs were not tested on the same pictures.
    """
    from siam.evaluation.significance import compare_pairs, compare_pictures

    with (
        open_run(name, also=FILES, store=OWN) as first,
        open_run(other, also=FILES, store=OWN) as second,
    ):
        if first.config.fingerprint != second.config.fingerprint:
            raise UsageError(
                f"'{first.name}' ({first.config.name}) and '{second.name}' "
                f"({second.config.name}) were not tested on the same pictures.",
                "Compare runs of one data set, trained with one --seed.",
            )
        embedded, one = measured_run(first, progress=progress)
        others, two = measured_run(second, progress=progress)
    for run, warnings in ((first, embedded.warnings), (second, others.warnings)):
        for sentence in warnings:
            notice(f"{run.name}: {sentence}")
    progress("Computing intervals", 0, 0)
    seed = first.config.train.seed
    found = {
        "recall@1": compare_pictures(one.retrieval.hits[1], two.retrieval.hits[1], seed=seed),
        "map@r": compare_pictures(
            one.retrieval.average_precision, two.retrieval.average_precision, seed=seed
        ),
    }
    pairs = one.pairs
    found |= compare_pairs(
        pairs.distances,
        two.pairs.distances,
        pairs.same,
        pairs.left,
        pairs.right,
        seed=seed,
    )
    return {figure: dataclasses.asdict(difference) for figure, difference in found.items()}


def measured_run(
    run: OpenRun,
    *,
    false_accept_rate: float | None = None,
    threshold: float | None = None,
    progress: Progress = silent,
) -> tuple[EmbeddedRun, Measurements]:
    """Embed and measure an opened run."""
    embedded = embed_opened(run, progress=progress)
    return embedded, measure_run(
        run,
        embedded,
        false_accept_rate=false_accept_rate,
        threshold=threshold,
        progress=progress,
    )


def embed_opened(run: OpenRun, *, progress: Progress = silent) -> EmbeddedRun:
    """Embed the test pictures of an opened run."""
    progress("Embedding the test pictures", 0, 0)
    return embed_run(run.path, run.config, run.encoder, run.gallery)
