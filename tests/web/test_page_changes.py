"""The page where it may write: labelling, adding, removing, another run, a token; in a browser."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

HOSTILE = '<img src=x onerror="alert(1)">'
TOKEN = "0123456789abcdefghij"


@pytest.fixture
def address(
    digits: Path, serve: Callable[..., Any], pictures: list[Path], tmp_path: Path
) -> Iterator[str]:
    """Where a copy of the bundled run is served to be changed, with a folder to label."""
    (tmp_path / "new").mkdir()
    for path in pictures[:3]:
        shutil.copy(path, tmp_path / "new")
    with serve(digits, "--writable", "--label", str(tmp_path / "new")) as address:
        yield address


def counted(page: Any, label: str) -> int:
    """Return how many pictures of a label the run is shown to hold."""
    row = page.locator("#run .count", has=page.get_by_text(label, exact=True))
    return int(row.locator(".quiet").inner_text()) if row.count() else 0


def test_pictures_are_labelled_skipped_and_taken_back(
    address: str, visit: Callable[..., Any], assert_accessible: Callable[[Any], None]
) -> None:
    from playwright.sync_api import expect

    page = visit(address + "/#label")
    done = page.locator("#label .progress span")
    expect(done).to_have_text("0 done, 3 left")
    expect(page.locator("#label img")).not_to_have_js_property("naturalWidth", 0)
    assert_accessible(page)
    name = page.locator("#label figcaption").inner_text()
    page.keyboard.press("Enter")
    expect(done).to_have_text("1 done, 2 left")
    page.keyboard.press("u")
    expect(done).to_have_text("0 done, 3 left")
    expect(page.locator("#label figcaption")).to_have_text(name)
    page.keyboard.press("7")
    expect(done).to_have_text("1 done, 2 left")
    page.keyboard.press("n")
    page.keyboard.type(HOSTILE)
    page.keyboard.press("Enter")
    expect(done).to_have_text("2 done, 1 left")
    expect(page.locator("#label .label-keys")).to_contain_text(HOSTILE)
    page.get_by_role("button", name="Skip").click()
    expect(page.get_by_role("heading", name="Nothing is left to label")).to_be_visible()
    page.goto(address + "/#run")
    expect(page.locator("#run .counts")).to_contain_text(HOSTILE)
    assert counted(page, HOSTILE) == 1


def test_who_labels_beside_another_is_shown_what_is_asked_about_by_now(
    address: str, visit: Callable[..., Any], complaints: list[str]
) -> None:
    from playwright.sync_api import expect

    page = visit(address + "/#label")
    done = page.locator("#label .progress span")
    expect(done).to_have_text("0 done, 3 left")
    first = page.locator("#label figcaption").inner_text()
    another = {"label": "7", "key": first}
    page.request.post(
        address + "/api/v1/labelling/label", data=another, headers={"Origin": address}
    )
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Another picture is asked about by now")
    expect(done).to_have_text("1 done, 2 left")
    expect(page.locator("#label figcaption")).not_to_have_text(first)
    page.keyboard.press("Enter")
    expect(done).to_have_text("2 done, 1 left")
    assert len(complaints) == 1 and "409" in complaints.pop()


def test_a_picture_is_added_relabelled_and_removed(
    address: str,
    visit: Callable[..., Any],
    pictures: list[Path],
    assert_accessible: Callable[[Any], None],
) -> None:
    from playwright.sync_api import expect

    page = visit(address + "/#run", "phone light")
    page.get_by_label("Files").set_input_files(pictures[5])
    page.locator("#add-label").fill("cup")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("link", name="item ").click()
    label = page.locator("#item dd").first
    expect(label).to_have_text("cup")
    assert_accessible(page)
    page.get_by_label("Another label").fill("mug")
    page.get_by_role("button", name="Relabel").click()
    expect(label).to_have_text("mug")
    page.get_by_role("button", name="Undo").click()
    expect(label).to_have_text("cup")
    page.locator("nav a", has_text="Run").click()
    expect(page.locator("#run .counts")).to_contain_text("cup")
    assert counted(page, "cup") == 1
    page.go_back()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="No", exact=True).click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Yes, remove it").click()
    expect(page.locator("#item")).to_contain_text("It is removed")
    page.get_by_role("link", name="To the run's pictures").click()
    expect(page.locator("#run .counts")).not_to_contain_text("cup")


def test_another_run_is_chosen_and_answers(
    digits: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    from playwright.sync_api import expect

    shutil.copytree(digits, digits.with_name("other"))
    with serve(digits) as address:
        page = visit(address + "/#run")
        page.get_by_label("Run", exact=True).select_option("other")
        expect(page.locator("#run h1")).to_have_text("other")
        assert "other" in page.title()
        shown = page.locator("#run .items img").first
        expect(shown).to_have_attribute("src", re.compile("run=other"))


def test_the_report_and_the_audit_are_shown(
    digits: Path,
    serve: Callable[..., Any],
    visit: Callable[..., Any],
    assert_accessible: Callable[[Any], None],
) -> None:
    from playwright.sync_api import expect

    (digits / "report.html").write_text("<h1>All of it</h1><script>alert(1)</script>", "utf-8")
    with serve(digits) as address:
        page = visit(address)
        item = page.request.get(address + "/api/v1/items/1").json()
        finding = {"path": HOSTILE, "label": item["label"], "key": item["key"]}
        finding |= {"problem": "outlier", "evidence": "far from its class", "proposal": "look"}
        told = {"created": "2026-11-28", "dataset": "digits", "way": "By the run digits."}
        told |= {"count": 300, "wrong_share": 0.0, "counts": {}, "findings": [finding]}
        (digits / "audit.json").write_text(json.dumps({"schema": 1, **told}), "utf-8")
        page.goto(address + "/#run")
        page.reload()
        page.locator("summary", has_text="audit").click()
        found = page.locator(".findings > li")
        expect(found).to_contain_text(HOSTILE)
        expect(found.locator("a")).to_have_attribute("href", "#item/1")
        page.locator("summary", has_text="Report").click()
        expect(page.frame_locator("iframe").locator("h1")).to_have_text("All of it")
        assert_accessible(page)


def test_a_token_is_asked_for_once(
    digits: Path,
    serve: Callable[..., Any],
    visit: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    complaints: list[str],
    assert_accessible: Callable[[Any], None],
) -> None:
    from playwright.sync_api import expect

    monkeypatch.setenv("SIAM_SERVE_TOKEN", TOKEN)
    with serve(digits) as address:
        page = visit(address)
        token = page.get_by_label("Token")
        token.fill("another")
        token.press("Enter")
        expect(page.locator(".error")).to_be_visible()
        assert_accessible(page)
        assert len(complaints) == 1 and "401" in complaints.pop()
        token.fill(TOKEN)
        token.press("Enter")
        expect(page.locator("#ask canvas")).to_be_visible()
        page.reload()
        expect(page.locator("#ask canvas")).to_be_visible()
