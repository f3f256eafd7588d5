"""What is told of runs over HTTP: the list, one in full, its report, its audit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from siam.run_files import AUDIT_FILE, REPORT_FILE

RUNS = "/api/v1/runs"


def test_the_run_that_is_served_comes_first(start: Any, digits: Path) -> None:
    shutil.copytree(digits, digits.with_name("another"))
    (digits.parent / "unfinished.partial").mkdir()
    told = start().get(RUNS).json()
    assert (told["run"], told["writable"]) == ("digits", False)
    assert [run["name"] for run in told["runs"]] == ["digits", "another"]
    first = told["runs"][0]
    assert (first["classes"], first["chain"], first["picture_shape"]) == (10, "digit", [28, 28, 1])
    assert first["pictures"] == start().get("/api/v1/items").json()["total"]
    assert 0.9 < first["recall@1"] <= 1 and not first["audit"]


def test_a_run_elsewhere_is_listed_by_its_name(start: Any, digits: Path, tmp_path: Path) -> None:
    from starlette.testclient import TestClient

    from siam.web.app import create_app
    from siam.web.settings import Settings

    place = Path(shutil.move(digits, tmp_path / "elsewhere"))
    with TestClient(create_app(Settings(run=str(place))), base_url="http://127.0.0.1") as client:
        told = client.get(RUNS).json()
        assert [run["name"] for run in told["runs"]] == ["elsewhere"]
        assert client.get(f"{RUNS}/elsewhere").status_code == 200


def test_operating_points_and_figures_are_the_runs(start: Any, digits: Path) -> None:
    from siam.evaluation.calibration import read_calibration

    calibration = read_calibration(digits / "calibration.json")
    told = start().get(f"{RUNS}/digits").json()
    points = told["operating_points"]
    for before, after in zip(points, points[1:], strict=False):
        assert before["false_accept_rate"] < after["false_accept_rate"] <= 1
        assert before["threshold"] <= after["threshold"]
    for point in points:  # a client may ask with any of them
        assert calibration.threshold_for(point["false_accept_rate"]) == point["threshold"]
    figures = told["figures"]["retrieval"]
    low, high = figures["recall@1_ci95"]
    assert low <= figures["recall@1"] <= high
    assert (
        sum(entry["count"] for entry in told["labels"])
        == start().get("/api/v1/items").json()["total"]
    )


def test_a_report_runs_nothing(start: Any, digits: Path) -> None:
    client = start()
    (digits / REPORT_FILE).unlink(missing_ok=True)
    missing = client.get(f"{RUNS}/digits/report")
    assert missing.status_code == 404 and "siam report" in missing.json()["error"]["cure"]
    (digits / REPORT_FILE).write_text("<p>a<Script>alert(1)</script ><p>b<script>alert(2)")
    answer = client.get(f"{RUNS}/digits/report")
    assert answer.text == "<p>a<p>b"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox;") and "script-src" not in policy
    assert "default-src 'none'" in policy and "allow-scripts" not in policy


def test_an_audit_that_is_kept(start: Any, digits: Path) -> None:
    client = start()
    missing = client.get(f"{RUNS}/digits/audit")
    assert missing.status_code == 404 and "siam audit" in missing.json()["error"]["cure"]
    (item,) = client.get("/api/v1/items?where=id=3").json()["items"]
    finding = {
        "path": "a.png",
        "label": "3",
        "problem": "unreadable",
        "evidence": "/home/ann/pets/a.png is empty",
        "proposal": "look",
        "key": item["key"],
    }
    kept = {
        "created": "2026-01-01T00:00:00+00:00",
        "dataset": "/home/ann/pets",
        "way": "By hand.",
        "count": 1,
        "wrong_share": 0.0,
        "counts": {},
        "findings": [finding],
    }
    (digits / AUDIT_FILE).write_text(json.dumps(kept), "utf-8")
    answer = client.get(f"{RUNS}/digits/audit")
    assert answer.json()["findings"][0]["id"] == 3
    assert "ann" not in answer.text
    assert client.get(f"{RUNS}/digits").json()["audit"]
    (digits / AUDIT_FILE).write_text("{", "utf-8")
    assert client.get(f"{RUNS}/digits/audit").status_code == 409
