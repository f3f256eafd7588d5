"""Every error of the API: its status, its code, its words; and the list of them in the docs."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siam.errors import (
    DataError,
    InternalError,
    MissingExtraError,
    RunError,
    StoreError,
    UsageError,
)
from siam.index.gallery import Gallery
from siam.run_files import INDEX_FOLDER
from siam.web.api_error import translate

ROOT = Path(__file__).parents[2]
API = "/api/v1"


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "words"),
    [
        ("GET", "/nowhere", 404, "not_found", "Not Found"),
        ("DELETE", "/query", 405, "method", "Method Not Allowed"),
        ("GET", "/items/999999", 404, "no_item", "no item 999999"),
        ("GET", "/items/999999/thumbnail", 404, "no_item", "no item 999999"),
        ("GET", "/runs/nobody", 404, "no_run", "no finished run 'nobody'"),
        ("GET", "/runs/digits/report", 404, "no_report", "has no report"),
        ("GET", "/runs/digits/audit", 404, "no_audit", "keeps no audit"),
        ("GET", "/labelling", 404, "no_labelling", "label"),
        ("GET", "/map", 404, "no_map", "no map yet"),
        ("GET", "/items?limit=0", 400, "usage", "limit"),
        ("GET", "/items?where=nonsense", 400, "usage", "nonsense"),
        ("POST", "/query", 415, "media_type", "of no kind"),
    ],
    ids=lambda value: str(value) if isinstance(value, str | int) else None,
)
def test_what_is_wrong_with_a_request(
    start: Any, method: str, path: str, status: int, code: str, words: str
) -> None:
    answer = start().request(method, API + path)
    told = answer.json()
    assert (answer.status_code, told["schema"], told["error"]["code"]) == (status, 1, code)
    assert words in told["error"]["message"]


def test_an_item_without_a_picture(start: Any, digits: Path) -> None:
    with Gallery.open(digits / INDEX_FOLDER, read_only=False) as gallery:
        (number,) = gallery.add(np.eye(1, gallery.dim, dtype=np.float32), keys=["bare"])
    answer = start().get(f"{API}/items/{number}/thumbnail")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_thumbnail")


def test_nothing_is_left_to_label(start: Any, tmp_path: Path, digit: bytes) -> None:
    folder = tmp_path / "few"
    folder.mkdir()
    (folder / "a.png").write_bytes(digit)
    client = start(writable=True, label=folder)
    while (answer := client.post(f"{API}/labelling/skip")).status_code == 503:
        pass
    assert answer.json()["question"] is None
    answer = client.get(f"{API}/labelling/picture")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_question")


@pytest.mark.parametrize(
    ("error", "status", "code", "words"),
    [
        (UsageError("k is 0.", "Say 1."), 400, "usage", "k is 0."),
        (DataError("/home/ann/x.npz holds nothing."), 422, "data", "x.npz holds nothing."),
        (MissingExtraError("Reading HEIC", "heic"), 422, "extra", "'heic', which is not installed"),
        (RunError("/home/ann/runs/x is gone."), 409, "run", "The run is missing, damaged"),
        (StoreError("/home/ann/runs/x is locked."), 409, "store", "The index is missing, damaged"),
        (InternalError("at /home/ann/siam/x.py"), 500, "internal", "A fault of siam's own"),
        (ZeroDivisionError("/home/ann"), 500, "internal", "(ZeroDivisionError)"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_siams_own_errors(error: Exception, status: int, code: str, words: str) -> None:
    told = translate(error)
    assert (told.status, told.code) == (status, code)
    assert words in told.message and "ann" not in told.message + told.cure


def test_the_docs_name_every_code() -> None:
    made = {
        node.args[1].value
        for path in (ROOT / "web").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ApiError"
        if len(node.args) > 1 and isinstance(node.args[1], ast.Constant)
    }
    page = (ROOT / "docs" / "web.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d{3}) \| ((?:`\w+`(?:, )?)+) \|", page, re.M)
    named = {code for _, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    assert named == made | {"method", "run", "store"}
