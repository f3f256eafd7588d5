"""What is installed is within what pyproject.toml allows, so that the tests say something of it."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

PROJECT = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
NEEDS = sorted(
    {*PROJECT["project"]["dependencies"], *(need for part in EXTRAS.values() for need in part)}
)


@pytest.mark.parametrize("need", [need for need in NEEDS if not need.startswith("siam[")])
def test_what_is_installed_is_allowed(need: str) -> None:
    requirement = Requirement(need)
    try:
        installed = version(requirement.name)
    except PackageNotFoundError:
        assert need not in PROJECT["project"]["dependencies"]
        return
    assert requirement.specifier.contains(installed, prereleases=True)


def test_no_other_upper_bound_is_set() -> None:
    """One has a reason, told in pyproject.toml; of all others the newest are tested."""
    versions = [need.split(";")[0] for need in NEEDS]
    bounded = [need for need in versions if "<" in need or "==" in need]
    assert bounded == ["typer>=0.28,<0.29"]
