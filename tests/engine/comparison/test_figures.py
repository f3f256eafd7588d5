"""Comparisons kept and found again, their verdicts, and files that were changed."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from siam.engine.classify import open_kept
from siam.engine.compare import compare, contestant_names
from siam.engine.comparison.contest import Answers, Scores
from siam.engine.comparison.figures import (
    Comparison,
    Contestant,
    comparisons_folder,
    find_comparison,
    publish,
    read_comparison,
    verify,
)
from siam.engine.comparison.page import render_comparison
from siam.engine.comparison.verdict import verdict
from siam.errors import DataError, MissingExtraError, RunError, UsageError
from siam.pictures.preparation import Preparation
from siam.runs.config import DataChoice


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIAM_RUNS", str(tmp_path))
    return tmp_path


def contestant(name: str, *, right: int, found: int | None = None) -> Contestant:
    """One that names `right` of 100 test pictures and finds `found` of 100 new ones."""
    share, interval = right / 100, (right / 100, right / 100)
    unseen = {} if found is None else {"recall@1": (found / 100, (found / 100, found / 100))}
    return Contestant(
        name=name,
        answer=lambda pictures: Answers(np.zeros((len(pictures), 2), np.float32)),
        file=Path(f"{name}.tflite"),
        scores=Scores(
            {"accuracy": (share, interval), "recall@1": (share, interval)},
            unseen,
            np.arange(100) < right,
            np.arange(0 if found is None else 100) < (found or 0),
        ),
        parameters=10,
        size_bytes=2_000_000,
        training_seconds=1.5,
        pictures_per_second=1000.0,
        cold_start_seconds=0.25,
        history=({"loss": 1.0, "val_loss": 2.0}, {"loss": 0.5, "val_loss": 0.5}),
    )


def comparison(*contestants: Contestant) -> Comparison:
    return Comparison(
        dataset="made <here>",
        classes=("a", "b"),
        unseen_classes=("c",),
        preparation=Preparation("none", (8, 8), 1),
        pictures={"train": 50, "validation": 20, "test": 100, "shown": 100, "asked": 100},
        terms={
            "seed": 0,
            "epochs": 2,
            "batch": 16,
            "precision": "float32",
            "backend": "tensorflow",
            "device": "a processor",
        },
        contestants=contestants,
        verdict=verdict(contestants, ("c",), seed=0),
    )


def keep(name: str = "made") -> Path:
    folder = comparisons_folder() / ".making-1"
    folder.mkdir(parents=True)
    (folder / "sequential.keras").write_bytes(b"a network")
    return publish(comparison(contestant("sequential", right=90)), folder, name)


def test_what_is_kept_is_found_and_read() -> None:
    folder = keep()
    assert find_comparison() == find_comparison("made") == folder
    kept = read_comparison(folder)
    assert kept.classes == ("a", "b")
    assert kept.models[0].seen.accuracy == 0.9
    verify(folder, kept, "sequential.keras")


def test_a_newer_comparison_takes_the_place_of_the_old_one() -> None:
    assert keep() == keep()
    assert [path.name for path in comparisons_folder().iterdir()] == ["made"]


def test_a_changed_network_is_refused_by_name() -> None:
    folder = keep()
    (folder / "sequential.keras").write_bytes(b"another network")
    with pytest.raises(RunError, match=r"sequential\.keras is not the file that was trained"):
        open_kept("sequential")


def test_a_missing_network_is_refused_by_name() -> None:
    folder = keep()
    (folder / "sequential.keras").unlink()
    with pytest.raises(RunError, match=r"sequential\.keras is missing"):
        open_kept()


@pytest.mark.parametrize("damage", ["", "{}", "[]", "[" * 100_000])
def test_a_damaged_record_is_refused(damage: str) -> None:
    folder = keep()
    (folder / "comparison.json").write_text(damage)
    with pytest.raises(RunError, match=r"comparison\.json cannot be read"):
        read_comparison(folder)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("schema", 9),
        ("models", None),
        ("models", [{"name": "sequential"}]),
        ("classes", [1, 2]),
        ("files", ["sequential.keras"]),
        ("preparation", {"chain": "none", "size": [8], "channels": 1}),
        ("preparation", {"chain": "none", "size": [8, 8], "channels": 10**30}),
        ("preparation", {"chain": "other", "size": [8, 8], "channels": 1}),
    ],
)
def test_a_record_of_other_types_is_refused(name: str, value: object) -> None:
    record = keep() / "comparison.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), name: value}))
    with pytest.raises(RunError, match=r"comparison\.json cannot be read"):
        read_comparison(record.parent)


@pytest.mark.parametrize(("outputs", "words"), [(3, "tells 3 classes apart"), (0, "are 9 x 9")])
def test_a_record_of_another_network_is_refused(
    monkeypatch: pytest.MonkeyPatch, outputs: int, words: str
) -> None:
    def classify(pictures: np.ndarray) -> np.ndarray:
        if not outputs:
            raise DataError("they are 9 x 9")
        return np.zeros((len(pictures), outputs), np.float32)

    keep()
    monkeypatch.setattr("siam.engine.classify.open_classifier", lambda *_: classify)
    with pytest.raises(RunError, match=words):
        open_kept()


def test_without_a_comparison_the_cure_is_to_make_one() -> None:
    with pytest.raises(RunError, match="siam compare"):
        find_comparison()
    keep()
    with pytest.raises(RunError, match="No comparison of 'other' is kept, only of: made"):
        find_comparison("other")


def test_a_style_that_was_not_trained_is_refused() -> None:
    keep()
    with pytest.raises(UsageError, match="--style takes sequential here, received 'subclassed'"):
        open_kept("subclassed")


def test_words_that_are_no_contestants_are_refused() -> None:
    with pytest.raises(UsageError, match="received 'resnet'"):
        contestant_names(["resnet"])
    assert contestant_names([]) == ("sequential", "functional", "subclassed", "siamese")
    assert contestant_names(["siamese", "residual"]) == ("residual", "siamese")


def test_a_part_that_is_missing_is_said_before_training(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "matplotlib" else find(name)
    )
    with pytest.raises(MissingExtraError, match=r"siam compare needs .*'train'"):
        compare(DataChoice(dataset="digits"))


class TestVerdict:
    """What is said depends on what was measured, and on whether it is more than chance."""

    def say(self, classifier: Contestant, siamese: Contestant) -> str:
        return " ".join(verdict((classifier, siamese), ("c",), seed=0))

    def test_equal_on_known_and_better_on_new_classes(self) -> None:
        said = self.say(
            contestant("functional", right=98, found=50), contestant("siamese", right=98, found=90)
        )
        assert "On the classes trained on neither is better" in said
        assert "the Siamese embeddings carry over better" in said
        assert "come and go, or a picture or two of each, take the Siamese network" in said

    def test_a_classifier_that_carries_over_better_is_recommended(self) -> None:
        said = self.say(
            contestant("functional", right=98, found=90), contestant("siamese", right=80, found=50)
        )
        assert "On the classes trained on the classifier is better" in said
        assert "search by the classifier's features serves better here" in said
        assert "take the Siamese network" not in said

    def test_a_small_difference_is_called_none(self) -> None:
        said = self.say(
            contestant("functional", right=98, found=90), contestant("siamese", right=97, found=91)
        )
        assert "neither is better" in said
        assert "no clear difference" in said

    def test_new_classes_that_were_not_tried_are_no_ground_for_advice(self) -> None:
        said = self.say(contestant("functional", right=98), contestant("siamese", right=98))
        assert "nothing was measured: --holdout-classes" in said

    def test_one_contestant_decides_nothing(self) -> None:
        assert "nothing to decide" in verdict((contestant("siamese", right=9),), (), seed=0)[0]


def test_the_page_needs_nothing_beside_it() -> None:
    page = render_comparison(
        comparison(
            contestant("functional", right=98, found=50), contestant("siamese", right=98, found=90)
        )
    )
    assert page.count("<svg") == 2
    assert "Content-Security-Policy" in page and "<script" not in page
    assert "made &lt;here&gt;" in page and "made <here>" not in page
    assert "src=" not in page and "@import" not in page
    assert "0.9800" in page and "0.25 s" in page


def test_the_json_form_is_json() -> None:
    said = comparison(contestant("siamese", right=98, found=90)).to_dict()
    assert json.loads(json.dumps(said, allow_nan=False))["models"][0]["name"] == "siamese"
