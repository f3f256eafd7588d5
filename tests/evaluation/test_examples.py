"""The examples in the docstrings run and print what they say."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import numpy as np
import pytest

import siam.evaluation

MODULES = sorted(
    path.stem for path in Path(siam.evaluation.__path__[0]).glob("*.py") if path.stem != "__init__"
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    module = importlib.import_module(f"siam.evaluation.{name}")
    assert doctest.testmod(module, extraglobs={"np": np}).failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_what_a_module_exports_is_there(name):
    module = importlib.import_module(f"siam.evaluation.{name}")
    assert set(module.__all__) <= set(vars(module))
