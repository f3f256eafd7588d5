"""A run's manifest: what it vouches for, and that a wrong one is one error."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from siam.errors import RunError
from siam.runs.manifest import read_manifest, verify_files

WriteRun = Callable[..., Path]


def test_a_manifest_is_read_as_it_was_written(write_run: WriteRun) -> None:
    run = write_run("pets-1")
    manifest = read_manifest(run)
    assert manifest.files.keys() == {"config.toml", "metrics.json"}
    assert {"siam", "python", "numpy"} <= manifest.versions.keys()
    assert manifest.finished
    assert abs((datetime.now(UTC) - manifest.finished).total_seconds()) < 60
    verify_files(run, manifest.files)


def test_a_changed_a_missing_and_a_foreign_file_are_named(write_run: WriteRun) -> None:
    run = write_run("pets-1")
    verify_files(run, ["encoder.tflite"])  # in neither
    (run / "encoder.tflite").write_text("from elsewhere")
    with pytest.raises(RunError, match="encoder.tflite is not the file that training wrote"):
        verify_files(run, ["encoder.tflite"])
    (run / "metrics.json").write_text("{}")
    with pytest.raises(RunError, match="metrics.json is not the file that training wrote"):
        verify_files(run, ["metrics.json"])
    (run / "config.toml").unlink()
    with pytest.raises(RunError, match="config.toml is missing"):
        verify_files(run, ["config.toml"])


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "[" * 100_000,
        '{"schema": 2, "versions": {}, "files": {}}',
        '{"schema": true, "versions": {}, "files": {}}',
        '{"schema": 1, "versions": {}}',
        '{"schema": 1, "versions": {}, "files": ["config.toml"]}',
        '{"schema": 1, "versions": {}, "files": {"config.toml": 3}}',
        '{"schema": 1, "versions": 3, "files": {}}',
        '{"schema": 1, "versions": {}, "files": {}, "finished": "yesterday"}',
        "\ud800".encode("utf-8", "surrogatepass"),
    ],
)
def test_a_wrong_manifest_is_one_error(write_run: WriteRun, content: str | bytes) -> None:
    run = write_run("pets-1")
    data = content if isinstance(content, bytes) else content.encode()
    (run / "manifest.json").write_bytes(data)
    with pytest.raises(RunError, match="manifest.json cannot be read"):
        verify_files(run, ["config.toml"])


def test_no_manifest_is_no_finished_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is no finished run"):
        read_manifest(tmp_path)
