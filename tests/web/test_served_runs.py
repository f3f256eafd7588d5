"""Runs that stay open: as few as needed, the newest of a name, none closed that is in use."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from siam.errors import RunError, StoreError
from siam.index.gallery import Gallery
from siam.run_files import INDEX_FOLDER
from siam.web.api_error import ApiError
from siam.web.served_runs import KEPT, ServedRuns


@pytest.fixture
def runs_of_digits(digits: Path) -> ServedRuns:
    return ServedRuns("digits", writable=False)


def test_a_run_is_opened_once(runs_of_digits: ServedRuns) -> None:
    with runs_of_digits.use(None) as one, runs_of_digits.use("digits") as other:
        assert one is other


def test_what_another_process_adds_is_there(runs_of_digits: ServedRuns, digits: Path) -> None:
    with runs_of_digits.use(None) as run:
        before = len(run.gallery)
        with Gallery.open(digits / INDEX_FOLDER) as other:
            other.remove([1])
        assert len(run.gallery) == before - 1
    with runs_of_digits.use(None) as again:
        assert again is run


def test_a_run_that_was_replaced_is_opened_anew(runs_of_digits: ServedRuns, digits: Path) -> None:
    served = runs_of_digits.take(None)
    copy = shutil.copytree(digits, digits.with_name("copy"))
    with Gallery.open(Path(copy) / INDEX_FOLDER) as other:
        other.remove([1])
    shutil.rmtree(digits)
    Path(copy).rename(digits)
    with runs_of_digits.use(None) as fresh:
        assert fresh is not served.opened
        assert not fresh.gallery.items_there([1])
    # A request that is under way ends with the run that it began with.
    served.opened.gallery.labels_of(served.opened.gallery.select())
    runs_of_digits.give(served)
    with pytest.raises(StoreError):  # closed by the last one
        len(served.opened.gallery)


def test_those_not_asked_for_longest_are_closed(runs_of_digits: ServedRuns, digits: Path) -> None:
    first = runs_of_digits.take(None)
    runs_of_digits.give(first)
    for number in range(KEPT):
        shutil.copytree(digits, digits.with_name(f"run{number}"))
        with runs_of_digits.use(f"run{number}"):
            pass
    with pytest.raises(StoreError):
        len(first.opened.gallery)
    with runs_of_digits.use(None) as again:  # opened again
        assert len(again.gallery)
    runs_of_digits.close()
    with pytest.raises(StoreError):
        len(again.gallery)


@pytest.mark.parametrize("name", ["", ".", "..", "../runs/digits", "digits/", "no\0thing", "con"])
def test_names_that_are_none(runs_of_digits: ServedRuns, name: str) -> None:
    with pytest.raises(ApiError) as refused:
        runs_of_digits.take(name)
    assert refused.value.status == 404


def test_a_run_in_the_working_folder_is_not_one_of_the_runs_folder(
    runs_of_digits: ServedRuns, digits: Path, tmp_path: Path
) -> None:
    """Commands take a path there; who asks a server does not."""
    shutil.copytree(digits, tmp_path / "mine")
    assert Path("mine").is_dir()
    with pytest.raises(ApiError):
        runs_of_digits.take("mine")


def test_a_run_that_is_gone(runs_of_digits: ServedRuns, digits: Path) -> None:
    shutil.rmtree(digits)
    with pytest.raises(RunError, match="cannot be read any more"):
        runs_of_digits.take(None)
