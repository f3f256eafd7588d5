"""`siam query`: answers, JSON, sheets, folders."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from siam.cli import app
from siam.runs.held_out import load_held_out


def siam(*words: str | Path, stdin: bytes | None = None) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(app, [str(word) for word in words], input=stdin)


@pytest.fixture
def digits(run_copy: Path, tmp_path: Path) -> list[tuple[Path, str]]:
    """Six test digits as PNG files, with their labels."""
    _, test = load_held_out(run_copy)
    found = []
    for i in range(6):
        path = tmp_path / "pictures" / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(test.pictures[i, :, :, 0]).save(path)
        found.append((path, str(test.labels[i])))
    return found


def test_the_answer_comes_first_and_the_next_step_last(
    digits: list[tuple[Path, str]],
) -> None:
    result = siam("query", digits[0][0])
    first, *rest = result.stdout.splitlines()
    assert first.startswith(digits[0][1])
    assert any("distance (0 to 2)" in line for line in rest)
    assert "--" in result.stderr.splitlines()[-1]


def test_json_holds_the_documented_keys(digits: list[tuple[Path, str]]) -> None:
    result = siam("query", "--json", *[path for path, _ in digits])
    answer = json.loads(result.stdout)
    assert answer["schema"] == 1
    assert answer["run"] == "digits"
    assert [entry["input"] for entry in answer["results"]] == [str(path) for path, _ in digits]
    labels = [entry["label"] for entry in answer["results"]]
    assert np.mean([label == true for label, (_, true) in zip(labels, digits, strict=True)]) > 0.6
    for entry in answer["results"]:
        assert entry["verdict"] in {"match", "unsure", "no match"}
        assert 0 <= entry["probability"] <= 1
        assert entry["reason"]
        assert len(entry["neighbours"]) == 10
        distances = [near["distance"] for near in entry["neighbours"]]
        assert distances == sorted(distances)
        assert set(entry["neighbours"][0]) >= {"id", "label", "distance", "key"}


def test_a_folder_and_its_pictures_are_answered_alike(digits: list[tuple[Path, str]]) -> None:
    folder = json.loads(siam("query", "--json", digits[0][0].parent).stdout)["results"]
    single = json.loads(siam("query", "--json", digits[2][0]).stdout)["results"][0]
    assert folder[2]["label"] == single["label"]
    assert folder[2]["neighbours"][0]["id"] == single["neighbours"][0]["id"]


def test_a_summary_counts_and_names_what_wants_a_look(digits: list[tuple[Path, str]]) -> None:
    folder = digits[0][0].parent
    Image.new("L", (60, 60), 250).save(folder / "blank.png")
    result = siam("query", folder, "--summary")
    assert result.stdout.splitlines()[0].endswith(" of 7 pictures match.")
    assert "(no label)" in result.stdout and "worth a look" in result.stdout
    (folder / "broken.png").write_bytes(b"no picture")
    told = siam("query", folder, "--summary", "--json")
    assert told.exit_code == 3
    content = json.loads(told.stdout)
    assert content.keys() == {"schema", "run", "count", "unreadable", "labels", "looks"}
    assert (content["count"], content["unreadable"], len(content["looks"])) == (7, 1, 7)


def test_standard_input(digits: list[tuple[Path, str]]) -> None:
    piped = json.loads(siam("query", "--json", "-", stdin=digits[0][0].read_bytes()).stdout)
    named = json.loads(siam("query", "--json", digits[0][0]).stdout)
    assert piped["results"][0]["input"] == "-"
    assert piped["results"][0]["neighbours"] == named["results"][0]["neighbours"]


def test_k_larger_than_the_gallery_gives_all_there_is(digits: list[tuple[Path, str]]) -> None:
    result = siam("query", "--json", "--k", "100000", digits[0][0])
    assert result.exit_code in {0, 1}
    neighbours = json.loads(result.stdout)["results"][0]["neighbours"]
    assert 10 < len(neighbours) < 1797
    assert len({near["id"] for near in neighbours}) == len(neighbours)


def test_an_unreadable_picture_has_an_error_instead(digits: list[tuple[Path, str]]) -> None:
    result = siam("query", "--json", digits[0][0], "nowhere.png")
    entries = json.loads(result.stdout)["results"]
    assert result.exit_code == 3
    assert "verdict" in entries[0] and "error" not in entries[0]
    assert "nowhere.png" in entries[1]["error"] and "verdict" not in entries[1]


def test_a_contact_sheet_shows_the_query_and_its_neighbours(
    digits: list[tuple[Path, str]], tmp_path: Path
) -> None:
    siam("query", digits[0][0], digits[1][0], "--k", "3", "--sheet", tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 4 * 100
        assert sheet.height > 2 * 100
        assert np.asarray(sheet).std() > 10


def test_exit_code_tells_match_from_no_match(digits: list[tuple[Path, str]]) -> None:
    assert siam("query", digits[0][0], "--threshold", "0.0").exit_code == 1
    answer = json.loads(siam("query", "--json", digits[0][0], "--threshold", "0.0").stdout)
    assert answer["results"][0]["verdict"] == "no match"


def test_a_filter_narrows_the_search(digits: list[tuple[Path, str]]) -> None:
    answer = json.loads(siam("query", "--json", digits[0][0], "--where", "label=3").stdout)
    assert {near["label"] for near in answer["results"][0]["neighbours"]} == {"3"}


def test_a_neighbour_without_a_label_makes_no_verdict(
    digits: list[tuple[Path, str]],
) -> None:
    path = digits[0][0]
    siam("index", "remove", "--where", "id>0")
    assert siam("index", "add", path).exit_code == 0
    result = siam("query", path)
    assert result.exit_code == 1
    first, second = result.stdout.splitlines()[:2]
    assert first == "(no label)  no match, probability 0.0%"
    assert second == f"nearest {path} at 0.000; no label known"


def test_answers_into_a_folder_that_is_not_there(
    digits: list[tuple[Path, str]], tmp_path: Path
) -> None:
    result = siam("query", digits[0][0], "--out", tmp_path / "nowhere" / "answers.csv")
    assert result.exit_code == 2
    assert f"There is no folder {tmp_path / 'nowhere'}." in result.stderr
    assert "Free some space" not in result.stderr
