"""No figure is flattered by what became of an index, or of a run's files, since training."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from siam.engine.evaluate import compare_runs, evaluate_run
from siam.engine.index.sync import open_to_index, sync
from siam.engine.report import report_run
from siam.engine.show import show_run
from siam.errors import RunError, StoreError
from siam.runs.held_out import load_held_out

FIGURES = ("pairs", "retrieval", "classes")


def test_test_pictures_in_the_index_are_not_searched_in(run_copy: Path, tmp_path: Path) -> None:
    before = evaluate_run()
    assert before["warnings"] == []
    validation, test = load_held_out(run_copy)
    for part, split in (("train", validation), ("validation", test)):
        for i in range(40):
            path = tmp_path / "more" / part / str(split.labels[i]) / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(split.pictures[i, :, :, 0]).save(path)
    with open_to_index() as run:
        assert sync(run, tmp_path / "more").added == 80
        assert len(run.gallery.select("split=validation and origin<a")) == 40
    after = evaluate_run()
    assert after["warnings"] == [
        "40 indexed pictures have the very content of test pictures; they are left out here."
    ]
    assert {name: after[name] for name in FIGURES} == {name: before[name] for name in FIGURES}


@pytest.mark.slow
def test_a_class_that_was_removed_is_named_first(run_copy: Path) -> None:
    with open_to_index() as run:
        run.gallery.remove(run.gallery.select("label=3"))
    result = evaluate_run()
    (sentence,) = result["warnings"]
    count = result["retrieval"]["not_judged"]
    assert count > 0
    assert sentence == (
        f"Not judged: 3 ({count} test pictures), of which the index holds no picture."
    )
    said: list[str] = []
    compare_runs(None, run_copy.name, notice=said.append)
    assert said == [f"digits: {sentence}"] * 2
    assert f'<p class="verdict">{sentence}</p>' in report_run().read_text()


@pytest.mark.parametrize("where", ["id>0", "label!=3"])
def test_test_pictures_are_not_compared_with_themselves(run_copy: Path, where: str) -> None:
    with open_to_index() as run:
        run.gallery.remove(run.gallery.select(where))
    with pytest.raises(StoreError, match="of the pictures that were trained on"):
        evaluate_run()


@pytest.mark.parametrize(
    "name", ["held_out.npz", "metrics.json", "model.keras", "history.csv", "config.toml"]
)
def test_a_file_that_was_changed_is_not_read(run_copy: Path, tmp_path: Path, name: str) -> None:
    with (run_copy / name).open("ab") as file:
        file.write(b"\n")
    with pytest.raises(RunError, match=f"{name} is not the file that training wrote"):
        report_run()
    if name in ("held_out.npz", "metrics.json", "config.toml"):
        with pytest.raises(RunError, match=f"{name} is not the file that training wrote"):
            evaluate_run()
    if name in ("held_out.npz", "model.keras", "config.toml"):
        with pytest.raises(RunError, match=f"{name} is not the file that training wrote"):
            show_run(run_copy, tmp_path / "shown.png")
