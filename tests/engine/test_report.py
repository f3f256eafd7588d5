"""`siam report` keeps the report that is there as long as it says what a new one would."""

from __future__ import annotations

from pathlib import Path

import pytest

from siam.engine import report
from siam.engine.open_run import open_run
from siam.engine.report import report_run
from siam.runs.manifest import write_manifest


class Measured(Exception):
    """Raised in the place of measuring."""


@pytest.fixture(autouse=True)
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    def embed_opened(*_: object, **__: object) -> None:
        raise Measured

    monkeypatch.setattr(report, "embed_opened", embed_opened)


def test_the_report_of_training_stays_until_anything_changes(
    run_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    assert report_run(notice=said.append) == run_copy / "report.html"
    assert said == ["As it was: neither the run nor its index has changed since it was written."]
    with monkeypatch.context() as patch, pytest.raises(Measured):
        patch.setattr(report, "__version__", "another")
        report_run()
    with open_run(read_only=False) as run:
        run.gallery.remove(run.gallery.select("split=train")[:1])
    with pytest.raises(Measured):
        report_run()


@pytest.mark.parametrize("damage", ["missing", "cut", "not text"])
def test_a_report_that_is_not_whole_is_made_again(run_copy: Path, damage: str) -> None:
    path = run_copy / "report.html"
    page = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes(page[:-20] if damage == "cut" else page + b"\xff")
    with pytest.raises(Measured):
        report_run()


def test_a_report_that_somebody_else_wrote_or_that_names_another_run_is_made_again(
    run_copy: Path,
) -> None:
    run_copy = run_copy.rename(run_copy.with_name("moved"))
    with pytest.raises(Measured):
        report_run()
    run_copy = run_copy.rename(run_copy.with_name("digits"))
    report_run()
    write_manifest(run_copy)  # which vouches for a forged page as well
    with pytest.raises(Measured):
        report_run()
