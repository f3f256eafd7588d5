"""What is known of runs, in plain values: for a page that lists them and shows one."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from siam.engine.open_run import OpenRun
from siam.errors import RunError, SiamError
from siam.index.catalogue import FILE, Catalogue
from siam.index.contents import Summary
from siam.index.summary import summarise
from siam.run_files import AUDIT_FILE, INDEX_FOLDER, METRICS_FILE, REPORT_FILE
from siam.runs.config import RunConfig, load_config
from siam.runs.manifest import verify_files
from siam.runs.runs_folder import RunSummary, list_runs
from siam.untrusted import read_json

__all__ = ["OperatingPoint", "RunDescription", "RunEntry", "describe_run", "list_entries"]

MOST_BYTES = 1 << 26  # of metrics.json, which has a few lines for each class
# Steps of a slider from the smallest rate that could be measured to every pair.
POINTS = 61
Figures = dict[str, float | tuple[float, float] | None]


class Metrics(msgspec.Struct):
    """What is told of `metrics.json`."""

    verdict: str = ""
    use: str = ""
    advice: list[str] = []
    pairs: dict[str, Any] = {}
    retrieval: dict[str, Any] = {}


@dataclass(frozen=True)
class RunEntry:
    """A finished run in a list.

    Attributes:
        name: the run's.
        created: when it was finished, in UTC.
        preset: it was trained with.
        classes: it was trained on.
        pictures: in its index.
        recall_at_1, pair_accuracy: of its test pictures, 0 to 1; None where it does not say.
        picture_shape: (height, width, channels) that its network takes.
        chain: that its pictures go through.
        report, audit: whether it has one.
        bundled: whether it ships with siam.
    """

    name: str
    created: datetime
    preset: str
    classes: int
    pictures: int
    recall_at_1: float | None
    pair_accuracy: float | None
    picture_shape: tuple[int, int, int]
    chain: str
    report: bool
    audit: bool
    bundled: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "name": self.name,
            "created": self.created.isoformat(timespec="seconds"),
            "preset": self.preset,
            "classes": self.classes,
            "pictures": self.pictures,
            "recall@1": self.recall_at_1,
            "pair_accuracy": self.pair_accuracy,
            "picture_shape": list(self.picture_shape),
            "chain": self.chain,
            "report": self.report,
            "audit": self.audit,
            "bundled": self.bundled,
        }


@dataclass(frozen=True)
class OperatingPoint:
    """A share of different pairs that is let through, 0 to 1, and the distance that does it."""

    false_accept_rate: float
    threshold: float


@dataclass(frozen=True)
class RunDescription:
    """A run in all that a page shows of it.

    Attributes:
        name: the run's.
        dataset: the name of what it was trained on.
        preset, tower: how.
        class_names: it was trained on.
        picture_shape, chain: as in `RunEntry`.
        threshold: the distance that decides where nothing else is said, 0 to 2.
        operating_points: the stricter ones first.
        index: its index in numbers.
        pairs, retrieval: figures of the test pictures, each with its 95 % interval under
            "<name>_ci95".
        use, verdict: what it is good enough for, short and with figures; "" where nobody judged.
        advice: what would make it better.
        report, audit: whether it has one.
    """

    name: str
    dataset: str
    preset: str
    tower: str
    class_names: tuple[str, ...]
    picture_shape: tuple[int, int, int]
    chain: str
    threshold: float
    operating_points: tuple[OperatingPoint, ...]
    index: Summary
    pairs: Figures = field(default_factory=dict)
    retrieval: Figures = field(default_factory=dict)
    use: str = ""
    verdict: str = ""
    advice: tuple[str, ...] = ()
    report: bool = False
    audit: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, where the index lies left out."""
        index = self.index.to_dict()
        del index["folder"], index["notices"]
        return {
            "name": self.name,
            "dataset": self.dataset,
            "preset": self.preset,
            "tower": self.tower,
            "classes": list(self.class_names),
            "picture_shape": list(self.picture_shape),
            "chain": self.chain,
            "threshold": self.threshold,
            "operating_points": [
                {"false_accept_rate": one.false_accept_rate, "threshold": one.threshold}
                for one in self.operating_points
            ],
            "figures": {"pairs": self.pairs, "retrieval": self.retrieval},
            "assessment": {
                "use": self.use,
                "verdict": self.verdict,
                "advice": list(self.advice),
            },
            "labels": [
                {"label": label or None, "count": count}
                for label, count in self.index.labels.items()
            ],
            "index": index,
            "report": self.report,
            "audit": self.audit,
        }


def list_entries() -> list[RunEntry]:
    """Return the finished runs of the runs folder, newest first; those that are damaged left out.

    Example:
        >>> list_entries()  # where there is no run yet
        []
    """
    entries = []
    for run in list_runs():
        if run.state == "finished":
            with contextlib.suppress(SiamError):
                entries.append(entry_of(run))
    return entries


def entry_of(run: RunSummary, *, bundled: bool = False, pictures: int | None = None) -> RunEntry:
    """Return a run as it is listed.

    Args:
        run: a finished one.
        bundled: whether it ships with siam.
        pictures: that it answers from; left out, those of its own index.

    Raises:
        RunError: its configuration or index cannot be read.
    """
    config = load_config(run.path)
    if pictures is None:
        catalogue = Catalogue(run.path / INDEX_FOLDER / FILE, read_only=True)
        with contextlib.closing(catalogue), catalogue.reading() as connection:
            pictures = catalogue.position(connection).count
    return RunEntry(
        name=run.name,
        created=datetime.fromtimestamp(run.created, UTC),
        preset=config.train.preset,
        classes=len(config.classes),
        pictures=pictures,
        recall_at_1=run.recall_at_1,
        pair_accuracy=run.pair_accuracy,
        picture_shape=shape_of(config),
        chain=config.preparation.chain,
        report=(run.path / REPORT_FILE).is_file(),
        audit=(run.path / AUDIT_FILE).is_file(),
        bundled=bundled,
    )


def describe_run(run: OpenRun) -> RunDescription:
    """Return what a page shows of a run.

    Args:
        run: an opened run.

    Raises:
        StoreError: its index cannot be read.
    """
    metrics = Metrics()
    with contextlib.suppress(OSError, ValueError, RunError):
        verify_files(run.path, [METRICS_FILE])
        metrics = read_json(run.path / METRICS_FILE, Metrics, most=MOST_BYTES)
    calibration = run.calibration
    smallest = calibration.false_accept_rates[0]
    rates = np.geomspace(smallest, 1.0, POINTS).clip(smallest, 1.0).tolist()
    points = [OperatingPoint(rate, calibration.threshold_for(rate)) for rate in rates]
    return RunDescription(
        name=run.name,
        dataset=run.config.name,
        preset=run.config.train.preset,
        tower=run.config.recipe.tower,
        class_names=run.config.classes,
        picture_shape=shape_of(run.config),
        chain=run.config.preparation.chain,
        threshold=calibration.threshold,
        operating_points=tuple(points),
        index=summarise(run.gallery),
        pairs=figures_of(metrics.pairs),
        retrieval=figures_of(metrics.retrieval),
        use=metrics.use,
        verdict=metrics.verdict,
        advice=tuple(metrics.advice),
        report=(run.path / REPORT_FILE).is_file(),
        audit=(run.path / AUDIT_FILE).is_file(),
    )


def shape_of(config: RunConfig) -> tuple[int, int, int]:
    """Return (height, width, channels) of what a run's network takes."""
    return (*config.preparation.size, config.preparation.channels)


def figures_of(table: dict[str, Any]) -> Figures:
    """Return what is a figure, or the interval of one, in a table that anybody may have written."""
    figures: Figures = {}
    for name, value in table.items():
        with contextlib.suppress(msgspec.ValidationError):
            figures[name[:60]] = msgspec.convert(value, float | tuple[float, float] | None)
    return figures
