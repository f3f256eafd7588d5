"""Evaluate a run on the test pictures it keeps."""

from __future__ import annotations

from typing import Any

from siam.engine.assess import embed_run, figures
from siam.engine.run import open_run
from siam.progress import Progress, silent

__all__ = ["evaluate_run"]


def evaluate_run(
    name: str | None = None,
    *,
    far: float | None = None,
    threshold: float | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Score a run's test pictures anew, at another operating point if one is given."""
    with open_run(name) as run:
        embedded = embed_run(run.path, run.config, run.encoder)
        measured = figures(
            embedded,
            run.calibration,
            seed=run.config.train.seed,
            far=far,
            threshold=threshold,
            progress=progress,
        )
        return {"run": run.name, "dataset": run.config.name, **measured}
