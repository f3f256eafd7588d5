"""Audit a data set: what in it is likely wrong, and what to do about it."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from siam.array_types import Booleans, Integers
from siam.atomic import write_text
from siam.engine.audit.copies import find_copies
from siam.engine.audit.embeddings import Spaces, fold_spaces, run_spaces
from siam.engine.audit.findings import LEAVE_OUT, LOOK, Finding, write_fixes
from siam.engine.audit.kept_audit import keep_audit
from siam.engine.audit.label_calibration import LabelProbabilities, calibrate_labels
from siam.engine.audit.label_findings import Overlap, find_overlaps, find_wrong_labels
from siam.engine.audit.label_quality import LabelQuality, judge_labels
from siam.engine.audit.odd_pictures import find_outliers, find_unlike
from siam.engine.audit.pictures import AuditedPictures, read_audited
from siam.engine.open_run import open_encoder_of
from siam.errors import RunError, UsageError, need_packages
from siam.progress import Progress, silent
from siam.run_files import HELD_OUT_FILE
from siam.runs.config import RunConfig, dataset_word, load_config
from siam.runs.held_out import load_held_out
from siam.runs.runs_folder import find_run, list_runs

__all__ = ["Audit", "audit_dataset"]

# Networks where no run is there to judge by.
FOLDS = 3
# Pictures that training wants of a class.
SMALL = 6


@dataclass(frozen=True)
class Audit:
    """What was found.

    Attributes:
        run: the run that judged; None where networks were trained for it.
        pictures: what was audited.
        way: how labels were judged, in a sentence.
        trained_on: bool (n,), pictures that the network learned from under the label it judges.
        quality: log-odds of another label, and which.
        labels: how probable it is that each label is wrong.
        findings: the likely wrong labels first, the likeliest first, then copies, then the rest.
        overlaps: classes taken for each other, most first.
        small_classes: classes of fewer than six pictures, and how many they have.
    """

    run: str | None
    pictures: AuditedPictures
    way: str
    trained_on: Booleans
    quality: LabelQuality
    labels: LabelProbabilities
    findings: tuple[Finding, ...]
    overlaps: tuple[Overlap, ...]
    small_classes: dict[str, int]

    @property
    def counts(self) -> dict[str, int]:
        """Findings by their problem; labels that are only to be looked at apart, if at all likely
        to be wrong.
        """
        return dict(
            Counter(
                "doubtful label"
                if one.problem == "wrong label" and one.proposal == LOOK
                else one.problem
                for one in self.findings
                if not one.only_ranked
            )
        )

    @property
    def found(self) -> str:
        """What was found of how many pictures, in a sentence."""
        counts = [f"{number:,} {word}" for word, number in self.counts.items()]
        return (
            f"{len(self.pictures):,} pictures of {len(self.pictures.classes):,} classes: "
            f"{', '.join(counts) or 'nothing odd'}."
        )

    @property
    def doubt(self) -> str:
        """How many labels are likely wrong, in a sentence."""
        return f"About {self.labels.wrong_share:.2%} of the labels are wrong."

    def to_dict(self) -> dict[str, Any]:
        """Return it as `siam audit --json` documents it."""
        return {
            "run": self.run,
            "dataset": self.pictures.dataset,
            "way": self.way,
            "count": len(self.pictures),
            "trained_on": int(self.trained_on.sum()),
            "wrong_share": self.labels.wrong_share,
            "counts": self.counts,
            "findings": [one.to_dict() for one in self.findings],
            "overlaps": [
                {"classes": list(one.classes), "pictures": one.pictures, "share": one.share}
                for one in self.overlaps
            ],
            "small_classes": self.small_classes,
        }

    def write_fixes(self, table: str | os.PathLike[str]) -> None:
        """Write a CSV of path, problem, evidence and proposal, a row for each finding."""
        write_fixes(Path(table), self.findings)

    def write_page(self, page: str | os.PathLike[str]) -> None:
        """Write a page of the pictures that were found, in one file.

        Raises:
            MissingExtraError: jinja2 is not installed.
        """
        from siam.engine.audit.page import render_audit

        overlaps = [
            [" and ".join(one.classes), f"{one.pictures:,} taken for the other ({one.share:.1%})"]
            for one in self.overlaps
        ]
        small = [[name, f"{number} pictures alone"] for name, number in self.small_classes.items()]
        html = render_audit(
            self.pictures,
            self.findings,
            title=f"siam audit: {self.pictures.dataset}",
            verdict=f"{self.found} {self.doubt}",
            way=self.way,
            classes=[*overlaps, *small],
        )
        write_text(Path(page), html)


def audit_dataset(
    spec: str | None = None,
    *,
    run: str | None = None,
    quick: bool = False,
    folds: int | None = None,
    data_dir: Path | None = None,
    seed: int = 0,
    progress: Progress = silent,
    notice: Callable[[str], None] = lambda _: None,
) -> Audit:
    """Find likely wrong labels, doubles, leaks, outliers and pictures unlike their class.

    Args:
        spec: a data set as `siam.train` takes it; that of the run when left out.
        run: a run's name or path whose encoder judges; when left out, the newest that was trained
            on this data set. Where there is none, and with `folds`, networks are trained for it.
        quick: never train a network; where no run is there to judge, raise.
        folds: train so many networks of the preset `quick`, each without a fold that it then
            judges; 2 to 20.
        data_dir: where named data sets stand.
        seed: fixes folds, trainings and the labels that are flipped to calibrate by.
        progress: told of the work.
        notice: told in a sentence how labels are judged.

    Raises:
        DataError: the data set is not there or cannot be read.
        RunError: no such run, or with `quick` none of the data set.
        UsageError: a number of folds that makes no sense.
        MissingExtraError: scikit-learn is not installed, or what trains networks.
    """
    need_packages("siam audit", "train", "sklearn")
    if folds is not None and not 2 <= folds <= 20:
        raise UsageError(f"--folds must be 2 to 20, received {folds}.")
    path = choose_run(spec, run)
    if quick and path is None:
        raise RunError(
            f"No run was trained on {spec}, so there is none to judge it by.",
            f"Train one:  siam train {spec}   or leave --quick out.",
        )
    config = load_config(path) if path else None
    encoder = None
    if path and not folds:
        path, config, encoder = open_encoder_of(str(path), also=[HELD_OUT_FILE])
    if spec is None:
        assert config is not None
        spec = config.data.dataset or "mnist"
        data_dir = data_dir or (Path(config.data.data_dir) if config.data.data_dir else None)
    same = config is not None and dataset_word(spec) == config.data.dataset
    pictures = read_audited(
        spec,
        data_dir=data_dir,
        preparation=config.preparation if config and encoder else None,
        classes_from=config.data.classes_from if same and config else None,
        seed=config.train.seed if config else seed,
        progress=progress,
    )
    trained_on = np.zeros(len(pictures), bool)
    judge = None
    if path and config and encoder:
        judge = path.name
        trained_on = learned_from(path, config, pictures)
        way = way_of_run(judge, pictures, trained_on)
        notice(way)
        spaces = run_spaces(encoder, pictures, seed=seed, progress=progress)
    else:
        networks = folds or FOLDS
        way = (
            f"{networks} networks of the preset quick were trained; each judged the part of the "
            "pictures that it did not see."
        )
        notice(f"No run judges: {networks} networks are trained, each without a part to judge.")
        spaces = fold_spaces(pictures, networks, seed=seed, progress=progress)
    done = conclude(judge, way, pictures, spaces, trained_on, seed, progress)
    if path:
        keep_audit(path, pictures, done.to_dict())
    return done


def choose_run(spec: str | None, run: str | None) -> Path | None:
    """Return the run that is to judge; None where none was trained on the data set."""
    if run is not None or spec is None:
        return find_run(run)
    word = dataset_word(str(Path(spec).expanduser()))
    for summary in list_runs():
        with contextlib.suppress(RunError):  # another run's damage is not asked about
            if summary.state == "finished" and load_config(summary.path).data.dataset == word:
                return find_run(str(summary.path))
    return None


def learned_from(path: Path, config: RunConfig, pictures: AuditedPictures) -> Booleans:
    """Return which pictures a run was trained on, bool (n,)."""
    if pictures.source != config.source:
        return np.zeros(len(pictures), bool)
    held = {key for split in load_held_out(path) for key in split.origins}
    return np.array([key not in held for key in pictures.keys], bool)


def way_of_run(run: str, pictures: AuditedPictures, trained_on: Booleans) -> str:
    """Say how far the pictures are new to the run that judges them."""
    known = int(trained_on.sum())
    if not known:
        return f"Judged by the run {run}, which was trained on none of the pictures."
    return (
        f"Judged by the run {run}, which was trained on {known:,} of the {len(pictures):,} "
        "pictures; its classes were fitted without each. --folds 3 trains networks that saw none."
    )


def conclude(
    run: str | None,
    way: str,
    pictures: AuditedPictures,
    spaces: Spaces,
    trained_on: Booleans,
    seed: int,
    progress: Progress,
) -> Audit:
    """Judge the labels, look for copies and for what is unlike the rest."""
    labels, classes = pictures.labels, len(pictures.classes)

    def judge(given: Integers) -> LabelQuality:
        return judge_labels(spaces.scores(given, classes=classes), given)

    scores = spaces.scores(labels, classes=classes)
    quality = judge_labels(scores, labels)
    calibrated = calibrate_labels(
        judge, quality, labels, trained_on, classes=classes, seed=seed, progress=progress
    )
    findings = [
        *find_wrong_labels(pictures, spaces, quality, calibrated),
        *find_copies(pictures, quality.log_odds, progress=progress),
        *find_outliers(pictures, scores),
        *find_unlike(pictures),
        *(
            Finding(skip.path, "", "unreadable", skip.reason, LEAVE_OUT)
            for skip in pictures.skipped
        ),
    ]
    sizes = np.bincount(labels, minlength=classes)
    return Audit(
        run=run,
        pictures=pictures,
        way=way,
        trained_on=trained_on,
        quality=quality,
        labels=calibrated,
        findings=tuple(findings),
        overlaps=tuple(find_overlaps(pictures, scores)),
        small_classes={
            pictures.classes[row]: int(sizes[row]) for row in np.flatnonzero(sizes < SMALL)
        },
    )
