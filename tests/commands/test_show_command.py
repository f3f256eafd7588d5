"""`siam show` on the command line: the network in words, and one picture."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from typer.testing import CliRunner

from siam.cli import app


def test_the_network_is_summarised_and_drawn(run_copy: Path, tmp_path: Path) -> None:
    out = tmp_path / "network.png"
    answer = CliRunner().invoke(app, ["show", "digits", "--out", str(out)])
    assert answer.exit_code == 0, answer.output
    assert "tower" in answer.stdout and "Total params" in answer.stdout
    assert str(out) in answer.stderr
    with Image.open(out) as picture:
        assert picture.format == "PNG" and min(picture.size) > 500


def test_a_damaged_network_is_refused_by_name(run_copy: Path, tmp_path: Path) -> None:
    (run_copy / "model.keras").write_bytes(b"no network")
    answer = CliRunner().invoke(app, ["show", "digits", "--out", str(tmp_path / "network.png")])
    assert answer.exit_code == 4
    assert "model.keras" in answer.stderr
    assert not (tmp_path / "network.png").exists()
