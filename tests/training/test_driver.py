"""What the driver is asked, by a stand-in for its tool."""

from __future__ import annotations

from pathlib import Path

import pytest

from siam.training.driver import card_memory, driver_gpus


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two cards of unequal memory; answers by what it is asked for."""
    tool = tmp_path / "nvidia-smi"
    tool.write_text(
        "#!/bin/sh\n"
        'case "$1" in\n'
        "--query-gpu=name) echo 'NVIDIA A100'; echo 'NVIDIA T4' ;;\n"
        "--query-gpu=memory.total) echo 40960; echo 15360 ;;\n"
        "esac\n"
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tool


def test_cards_are_named_and_the_smallest_counts(tool: Path) -> None:
    assert driver_gpus() == ["NVIDIA A100", "NVIDIA T4"]
    assert card_memory() == 15360 * 2**20


def test_a_card_that_tells_no_memory_counts_as_none(tool: Path) -> None:
    tool.write_text("#!/bin/sh\necho '[N/A]'\n", encoding="utf-8")
    assert card_memory() == 0


@pytest.mark.parametrize("content", ["#!/bin/sh\nexit 9\n", "#!/nowhere/at/all\n"])
def test_a_driver_that_fails_knows_no_card(tool: Path, content: str) -> None:
    tool.write_text(content, encoding="utf-8")
    assert driver_gpus() == []
    assert card_memory() == 0
