"""A comparison from the data set to an answer, on scikit-learn's digits."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from siam.engine.answers.answer import Unreadable
from siam.engine.classify import Named, classify_pictures, open_kept
from siam.engine.compare import compare, making
from siam.engine.comparison.figures import comparisons_folder
from siam.errors import DataError, UsageError
from siam.runs.config import DataChoice
from siam.runs.lifecycle import hold_run


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_compare_then_classify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIAM_RUNS", str(tmp_path / "runs"))
    compared, folder = compare(
        DataChoice(dataset="digits"),
        only=["subclassed", "siamese"],
        epochs=6,
        seed=1,
        overrides={"optimizer": "adamw", "precision": "float32"},
    )
    subclassed, siamese = compared.contestants
    assert (subclassed.name, siamese.name) == ("subclassed", "siamese")
    # The classifier is the tower and, on top of its 64 features, one layer of 8 labels.
    assert subclassed.parameters == siamese.parameters + (64 + 1) * 8
    assert compared.unseen_classes == ("8", "9")
    assert subclassed.scores.seen["accuracy"][0] > 0.8
    assert siamese.scores.seen["recall@1"][0] > 0.9
    assert siamese.scores.unseen["recall@1"][0] > 0.5
    assert all(
        one.cold_start_seconds > 0 and one.pictures_per_second > 0 for one in (subclassed, siamese)
    )
    assert {path.name for path in folder.iterdir()} >= {
        "comparison.json",
        "comparison.html",
        "subclassed.keras",
        "siamese.keras",
    }
    assert [path.name for path in folder.parent.iterdir()] == ["digits"]

    from siam.datasets.digits import load_digits

    shown = load_digits(seed=1).test
    picture = tmp_path / "digit.png"
    Image.fromarray(255 - shown.pictures[0, ..., 0]).resize((140, 140)).save(picture)
    (tmp_path / "text.png").write_text("no picture")
    sources = [("digit", picture), ("text", tmp_path / "text.png")]
    named, unreadable = classify_pictures(open_kept(), sources)
    assert isinstance(named, Named) and len(named.labels) == 3
    assert 0 <= sum(share for _, share in named.labels) <= 1.001
    assert isinstance(unreadable, Unreadable) and unreadable.error.startswith("text is not")


def test_an_error_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIAM_RUNS", str(tmp_path / "runs"))
    with pytest.raises(DataError):
        compare(DataChoice(dataset=str(tmp_path / "nowhere")))
    assert not (tmp_path / "runs").exists()


def test_a_value_that_classifiers_do_not_follow_is_refused(tmp_path: Path) -> None:
    data = DataChoice(dataset=str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match="not every contestant follows hard_example_share=0.5"):
        compare(data, overrides={"hard_example_share": "0.5"})
    with pytest.raises(DataError):  # which comes next
        compare(data, overrides={"precision": "float32", "augment.rotation": "5"})


def test_what_a_killed_comparison_left_goes_and_one_under_way_stays(runs: Path) -> None:
    killed, under_way = (comparisons_folder() / f".making-{number}" for number in (1, 2))
    for folder in (killed, under_way):
        (folder / "training").mkdir(parents=True)
    with hold_run(under_way), making() as folder:
        assert folder.is_dir() and under_way.exists() and not killed.exists()
    with making():
        pass
    assert list(comparisons_folder().iterdir()) == []
