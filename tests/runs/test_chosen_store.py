"""Where a run's questions go: what is named comes first, then what its user chose for good."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from siam.errors import DataError
from siam.runs.chosen_store import choose_store, remember_store
from siam.runs.manifest import write_manifest

WriteRun = Callable[..., Path]
CHOSEN, NAMED = "milvus://db/pets", "milvus://other/pets"


@pytest.fixture
def run(write_run: WriteRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("platformdirs.user_config_path", lambda name: tmp_path / "config" / name)
    return write_run("pets-1")


def test_what_is_named_comes_before_what_was_chosen(run: Path) -> None:
    assert choose_store(run, None) == ""
    remember_store(run, CHOSEN)
    assert [choose_store(run, wanted) for wanted in (None, NAMED)] == [CHOSEN, NAMED]
    assert [choose_store(run, wanted) for wanted in ("local", "")] == ["", ""]
    for _ in range(2):
        remember_store(run, "")
    assert choose_store(run, None) == ""


def test_it_holds_for_a_copy_and_for_no_run_of_another_maker(run: Path) -> None:
    remember_store(run, CHOSEN)
    copy = Path(shutil.copytree(run, run.with_name("copy")))
    assert choose_store(copy, None) == CHOSEN
    (copy / "metrics.json").write_text("{}")
    write_manifest(copy)
    assert choose_store(copy, None) == ""
    assert CHOSEN not in "".join(path.read_text("latin-1") for path in run.glob("*.*"))


def test_where_nothing_can_be_kept_that_is_said(run: Path, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("in the way")
    with pytest.raises(DataError, match="cannot be written"):
        remember_store(run, CHOSEN)
    assert choose_store(run, None) == ""
