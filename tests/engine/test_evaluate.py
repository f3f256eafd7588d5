"""`siam evaluate` measures anew where anything has changed since training, and only there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from siam.engine import evaluate
from siam.engine.evaluate import evaluate_run
from siam.engine.open_run import open_run
from siam.runs.manifest import write_manifest


class Measured(Exception):
    """Raised in the place of measuring."""


@pytest.fixture
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    def measured_run(*_: object, **__: object) -> None:
        raise Measured

    monkeypatch.setattr(evaluate, "measured_run", measured_run)


@pytest.mark.usefixtures("unmeasured")
def test_what_training_measured_is_told_until_the_index_changes(
    run_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    assert evaluate_run(notice=said.append) == json.loads((run_copy / "metrics.json").read_bytes())
    assert said == ["As measured after training: the index has not changed since."]
    with pytest.raises(Measured):
        evaluate_run(threshold=0.5)
    with pytest.raises(Measured):
        evaluate_run(false_accept_rate=0.01)
    with monkeypatch.context() as patch, pytest.raises(Measured):
        patch.setattr(evaluate, "__version__", "another")
        evaluate_run()
    with open_run(read_only=False) as run:
        run.gallery.remove(run.gallery.select("split=train")[:1])
    with pytest.raises(Measured):
        evaluate_run()


@pytest.mark.usefixtures("unmeasured")
def test_figures_that_somebody_else_wrote_are_not_told(run_copy: Path) -> None:
    metrics = json.loads((run_copy / "metrics.json").read_bytes())
    metrics["verdict"] = "Excellent."
    (run_copy / "metrics.json").write_text(json.dumps(metrics))
    write_manifest(run_copy)  # which vouches for them
    with pytest.raises(Measured):
        evaluate_run()


@pytest.mark.usefixtures("unmeasured")
def test_figures_of_training_are_told_under_the_name_that_the_run_has_now(run_copy: Path) -> None:
    run_copy.rename(run_copy.with_name("moved"))
    assert evaluate_run()["run"] == "moved"
