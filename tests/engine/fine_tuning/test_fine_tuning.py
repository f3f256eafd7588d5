"""A training that goes on from a run: with a class more, interrupted, from what was labelled."""

from __future__ import annotations

import html
import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import siam
from siam.array_types import Pictures
from siam.engine.report import report_run
from siam.engine.towers import head, training
from siam.errors import UsageError
from siam.run_files import METRICS_FILE, NETWORK_FILE, REPORT_FILE
from siam.runs.config import load_config
from siam.runs.held_out import load_held_out
from siam.siamese.network import load_network, tower_of
from siam.siamese.pretrained_tower import take_apart


def write_digits(folder: Path, pictures: Pictures) -> Path:
    """Write digits as files, turned by a quarter, so that none is one that was there before."""
    folder.mkdir(parents=True)
    for number, picture in enumerate(pictures):
        Image.fromarray(picture[:, :, 0].T.copy()).save(folder / f"{number}.png")
    return folder


def stop_before_the_index(what: str, done: int, total: int) -> None:
    """Press Ctrl-C when the network is there and the rest is not."""
    if what == "Indexing":
        raise KeyboardInterrupt


def test_nothing_new_is_nothing_to_go_on_with(run_copy: Path) -> None:
    with pytest.raises(UsageError, match="Nothing has been labelled in the index of 'digits'"):
        siam.train(from_run="digits")


@pytest.mark.slow
@pytest.mark.timeout(900)  # two exports, each of which starts TensorFlow's converter
def test_a_class_more_is_learned_and_what_was_forgotten_is_said(
    run_copy: Path, tmp_path: Path
) -> None:
    _, test = load_held_out(run_copy)
    folder = tmp_path / "more"
    write_digits(folder / "mirrored", test.pictures[20:32, :, ::-1])
    options = {"overrides": {"optimizer": "adamw"}, "epochs": 1}  # which is compiled sooner
    with pytest.raises(KeyboardInterrupt):
        siam.train(folder, name="on", from_run="digits", progress=stop_before_the_index, **options)
    told: list[str] = []
    run = siam.train(name="on", resume=True, notice=told.append)
    assert any("Labels that are new: mirrored." in line for line in told)
    assert run.classes == (*map(str, range(10)), "mirrored")
    config = load_config(run.path)
    assert config.base is not None and config.base.run == "digits"
    figures = json.loads((run.path / METRICS_FILE).read_bytes())["base"]
    assert (figures["run"], figures["test_pictures"]) == ("digits", len(test))
    assert figures["labels_added"] == ["mirrored"] and not figures["labels_gone"]
    assert min(figures["recall@1"].values()) > 0.9
    assert min(figures["pair_accuracy"].values()) > 0.9
    page = run.path / REPORT_FILE
    assert figures["words"] in html.unescape(page.read_text())
    page.unlink()
    assert figures["words"] in html.unescape(report_run("on").read_text())

    # What is labelled in its index is gone on with next, and no data set need be named.
    run.index.add(write_digits(tmp_path / "lying", test.pictures[:12]), label="lying")
    again = siam.train(from_run="on", name="again", **options)
    assert again.classes == (*run.classes, "lying")
    assert load_config(again.path).data.dataset is None


@pytest.mark.slow
@pytest.mark.timeout(900)  # two exports, each of which starts TensorFlow's converter
def test_a_pretrained_tower_goes_on_with_its_parts(
    tmp_path: Path, deep_backbone_file: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head, "HEAD_STEPS", 20)  # enough for colours
    # As if validation chose the mix of most parts, of fine-tuned layers too.
    monkeypatch.setattr(training, "choose_candidate", partial(max, key=lambda one: len(one.shares)))
    options = {"preset": "quick", "overrides": {"optimizer": "adamw"}}
    first = write_colours(tmp_path / "photos", blue=(30, 30, 220), green=(30, 200, 40))
    old = siam.train(first, name="p", tower="pretrained", weights=deep_backbone_file, **options)
    before = load_config(old.path).tower
    more = write_colours(tmp_path / "more", red=(220, 40, 30))
    run = siam.train(more, name="on", from_run="p", **options)
    after = load_config(run.path).tower
    assert before is not None and after is not None
    assert (after.sha256, after.shares.keys()) == (before.sha256, before.shares.keys())
    assert run.classes == ("blue", "green", "red")
    figures = json.loads((run.path / METRICS_FILE).read_bytes())
    assert figures["base"]["recall@1"] == {"before": 1.0, "after": 1.0}
    assert figures["retrieval"]["recall@1"] == 1.0
    kept, was = (take_apart(tower_of(load_network(one.path / NETWORK_FILE))) for one in (run, old))
    assert kept.components is not None and was.components is not None
    assert np.array_equal(kept.components.kernel, was.components.kernel)
    assert kept.tuned is not None and was.tuned is not None  # which learned of the third colour
    changed = [
        not np.array_equal(one, other)
        for one, other in zip(kept.tuned.get_weights(), was.tuned.get_weights(), strict=True)
    ]
    assert any(changed) and not all(changed)


def write_colours(folder: Path, **colours: tuple[int, int, int]) -> Path:
    """Write twenty photos of each class: noise around its colour."""
    rng = np.random.default_rng(len(folder.name))
    for name, colour in colours.items():
        (folder / name).mkdir(parents=True)
        for place in range(20):
            noisy = rng.normal(colour, 60, (32, 32, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(noisy).save(folder / name / f"{place}.png")
    return folder
