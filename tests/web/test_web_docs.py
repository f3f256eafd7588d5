"""The commands of docs/web.md, run as they stand there; the container's own check of its health."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ADDRESS = "http://127.0.0.1:8000"
PAGE = (ROOT / "docs" / "web.md").read_text("utf-8")
COMMANDS = [
    line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) for line in block.splitlines()
]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a shell's quotes")
def test_every_call_answers(
    digits: Path,
    serve: Callable[..., AbstractContextManager[str]],
    pictures: list[Path],
    tmp_path: Path,
) -> None:
    for name, picture in zip(("seven.png", "four.png"), pictures, strict=False):
        (tmp_path / name).write_bytes(picture.read_bytes())
    assert len(COMMANDS) >= 10 and all(line.startswith("curl -s ") for line in COMMANDS)
    with serve(digits, "--writable") as address:
        for line in COMMANDS:
            told = run_line(line.replace(ADDRESS, address), tmp_path)
            if "-o " in line:
                assert (tmp_path / "seven-thumbnail.png").read_bytes().startswith(b"\x89PNG")
                continue
            assert told["schema"] == 1 and "error" not in told, (line, told)


def run_line(line: str, folder: Path) -> Any:
    """Run a line of a shell and return what it printed, as JSON."""
    done = subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True, check=True)
    return json.loads(done.stdout) if done.stdout else None


def test_the_containers_health_check(bundled_served: str) -> None:
    """What the Dockerfile asks within the container, asked here of another port."""
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", "")
    command = ast.literal_eval(re.findall(r"HEALTHCHECK .* CMD (\[.*\])", dockerfile)[0])
    assert command[:2] == ["python", "-c"]
    here = [sys.executable, "-c", command[2].replace(ADDRESS, bundled_served)]
    assert subprocess.run(here).returncode == 0
    nowhere = [sys.executable, "-c", command[2].replace(ADDRESS, "http://127.0.0.1:1")]
    assert subprocess.run(nowhere, stderr=subprocess.DEVNULL).returncode == 1


def test_the_compose_file_serves_this_machine_alone_and_asks_for_a_token() -> None:
    text = (ROOT / "compose.yaml").read_text("utf-8")
    assert re.findall(r"ports:\n\s+- (\S+)", text) == ['"127.0.0.1:8000:8000"']
    assert "SIAM_SERVE_TOKEN: ${SIAM_SERVE_TOKEN:?" in text
    assert "target: serve" in text and " AS serve\n" in (ROOT / "Dockerfile").read_text("utf-8")
    assert "read_only: true" in text


def test_the_image_holds_the_run_that_ships_with_siam() -> None:
    """People's runs are left out of it, and theirs alone."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert lines.index("!runs/bundled/") > lines.index("runs/*/")
