"""The API's description holds: requests made up from it are answered as it says, never by a fault.

Schemathesis makes requests from the description, right ones and wrong ones, the same in every run.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from fastapi import FastAPI
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from siam.web.app import create_app
from siam.web.settings import Settings

API = "/api/v1"
HOST = {"host": "127.0.0.1:8000"}
# Statuses that the contract knows; each with a test of its words where it is made.
SLOW = [hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.filter_too_much]
STATUSES = {200, 204, 304, 400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 503}


@pytest.fixture
def app(digits: Path, pictures: list[Path], tmp_path: Path) -> Iterator[FastAPI]:
    """A server that may write, and asks about a folder of pictures."""
    folder = tmp_path / "to-label"
    folder.mkdir()
    for path in pictures[:5]:
        (folder / path.name).write_bytes(path.read_bytes())
    app = create_app(Settings(run="digits", writable=True, label=folder, rate=0))
    with TestClient(app):
        yield app


@pytest.fixture
def description(app: FastAPI) -> Any:
    """What schemathesis reads; a map takes a process of its own, and has tests of its own."""
    described = schemathesis.openapi.from_asgi(f"{API}/openapi.json", app, headers=HOST)
    return described.exclude(path=f"{API}/map/status")


CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.mark.slow
def test_what_is_asked_is_answered_as_described(description: Any) -> None:
    answered: Counter[int] = Counter()
    operations = [found.ok() for found in description.get_all_operations()]
    for operation in operations:
        for mode in schemathesis.GenerationMode:

            @hypothesis.settings(
                max_examples=8, derandomize=True, database=None, suppress_health_check=SLOW
            )
            @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: schemathesis.Case) -> None:
                answered[check(case)] += 1

            # A call without parameters can be asked in no wrong way.
            with contextlib.suppress(hypothesis.errors.Unsatisfiable):
                ask()
    assert len(operations) > 20
    assert {200, 204, 400, 404, 422} <= answered.keys()


def check(case: schemathesis.Case) -> int:
    """Ask, hold the answer to its description, and return its status."""
    response = case.call_and_validate(headers=HOST, checks=CHECKS)
    assert response.status_code in STATUSES
    if response.status_code >= 400:
        told = response.json()
        assert told["schema"] == 1 and told["error"]["message"] and told["error"]["code"]
        assert "Traceback" not in response.text and "/site-packages/" not in response.text
    elif response.headers.get("content-type", [""])[0].startswith("application/json"):
        assert next(iter(response.json().items())) == ("schema", 1)
    return response.status_code


def test_every_answer_is_described(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    bare = [
        f"{method} {path}"
        for path, operations in paths.items()
        for method, operation in operations.items()
        for status, answer in operation["responses"].items()
        for kind, content in answer.get("content", {}).items()
        if kind == "application/json" and not content.get("schema")
    ]
    assert paths and bare == []
