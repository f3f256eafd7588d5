"""An audit that is kept with a run: what is told of it later, and what damage does."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from siam.engine.audit.findings import Finding
from siam.engine.audit.kept_audit import keep_audit, load_audit
from siam.errors import RunError
from siam.index.gallery import Gallery
from siam.run_files import AUDIT_FILE


@pytest.fixture
def index(tmp_path: Path) -> Gallery:
    gallery = Gallery.create(tmp_path / "index", dim=3, encoder_hash="e")
    gallery.add(np.eye(3), keys=["pets/cat/a.png", "pets/dog/b.png", "pets/dog/c.png"])
    return gallery


def audit_of(findings: list[Finding]) -> Any:
    """What keeping asks of an audit."""
    paths = ["cat/a.png", "dog/b.png", "dog/d.png"]
    told = {
        "run": "pets-1",
        "dataset": "pets",
        "way": "By hand.",
        "count": 4,
        "trained_on": 3,
        "wrong_share": 0.25,
        "counts": {"wrong label": 1},
        "findings": [one.to_dict() for one in findings],
        "overlaps": [],
        "small_classes": {},
    }
    pictures = SimpleNamespace(paths=paths, keys=[f"pets/{path}" for path in paths])
    return pictures, told


def test_findings_lead_to_the_items_of_the_index(tmp_path: Path, index: Gallery) -> None:
    finding = Finding(
        "cat/a.png",
        "cat",
        "wrong label",
        "looks so",
        "label as dog",
        0.9,
        ("dog/b.png", "dog/d.png"),
    )
    gone = Finding("gone.png", "", "unreadable", "is empty", "leave out")
    keep_audit(tmp_path, *audit_of([finding, gone]))
    told = load_audit(tmp_path, index)
    assert told is not None
    assert (told["dataset"], told["count"], told["wrong_share"]) == ("pets", 4, 0.25)
    first, second = told["findings"]
    assert first == finding.to_dict() | {"id": 1, "beside_ids": [2, None]}
    assert second["id"] is None
    keep_audit(tmp_path, *audit_of([gone]))  # the newest one counts
    assert len((load_audit(tmp_path, index) or {})["findings"]) == 1


def test_a_run_without_one_and_one_that_is_damaged(tmp_path: Path, index: Gallery) -> None:
    assert load_audit(tmp_path, index) is None
    for content in ("{", "[]", '{"schema": 1}', '{"findings": 3}'):
        (tmp_path / AUDIT_FILE).write_text(content, "utf-8")
        with pytest.raises(RunError, match="cannot be read") as told:
            load_audit(tmp_path, index)
        assert "siam audit" in told.value.cure
