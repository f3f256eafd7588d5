"""The public Python API: what `import siam` gives, and a run asked from Python."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import siam
from siam.runs.held_out import load_held_out


def test_a_bare_import_costs_nothing() -> None:
    """No NumPy, not even typing; the fastest of three, as other work on the machine slows one."""
    seconds = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", "import siam, sys; print(*sys.modules)"],
            capture_output=True,
            text=True,
            check=True,
        )
        loaded = {name for name in done.stdout.split() if name.startswith("siam")}
        assert loaded == {"siam"}
        assert "numpy" not in done.stdout.split()
        (line,) = re.findall(r"\| +(\d+) \| siam$", done.stderr, re.MULTILINE)
        seconds.append(int(line) / 1e6)
    assert min(seconds) < 0.030


def test_what_is_public_is_there() -> None:
    assert {"train", "open", "Run", "SiamError", "__version__"} <= set(siam.__all__)
    assert all(getattr(siam, name) for name in siam.__all__)
    assert set(dir(siam)) == set(siam.__all__)
    families = {family.__name__ for family in siam.SiamError.__subclasses__()}
    assert families <= set(siam.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = siam.nonsense


@pytest.fixture(scope="module")
def run(trained: Path) -> siam.Run:
    """The trained run, opened by its path."""
    return siam.open(trained)


@pytest.fixture(scope="module")
def digit(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A test digit as a PNG file."""
    _, test = load_held_out(trained)
    path = tmp_path_factory.mktemp("api") / "digit.png"
    Image.fromarray(test.pictures[0, :, :, 0]).save(path)
    return path


def test_a_picture_is_a_path_bytes_an_image_or_an_array(run: siam.Run, digit: Path) -> None:
    with Image.open(digit) as image:
        forms = [digit, str(digit), digit.read_bytes(), image, np.asarray(image)]
        answers = [run.query(form, k=3) for form in forms]
    assert all(answer.neighbours == answers[0].neighbours for answer in answers)
    assert len(answers[0].neighbours) == 3
    assert [answer.input for answer in answers] == [
        *(str(digit), str(digit), "bytes", str(digit), "array")
    ]
    assert answers[0].verdict in {"match", "unsure", "no match"}
    assert 0 <= answers[0].probability <= 1
    assert answers[0].neighbours[0].thumbnail


def test_a_list_in_gives_a_list_out(run: siam.Run, digit: Path) -> None:
    alone = run.query(digit)
    noise = np.zeros((5, 5), np.float32)
    results = run.query([digit, "nowhere.png", np.asarray(Image.open(digit)), noise])
    assert [type(result) for result in results] == [
        *(siam.Answer, siam.Unreadable, siam.Answer, siam.Unreadable)
    ]
    assert results[0] == alone
    assert results[1] == siam.Unreadable("nowhere.png", "nowhere.png: no such file.")
    assert results[2].input == "picture 2"
    assert "received float32 of shape (5, 5)" in results[3].error
    stack = np.stack([np.asarray(Image.open(digit))[:, :, None]] * 2)
    assert len(run.query(stack)) == 2
    assert run.query([]) == []


def test_a_single_picture_that_cannot_be_read_is_an_error(run: siam.Run) -> None:
    with pytest.raises(siam.PictureError, match="nowhere.png: no such file"):
        run.query("nowhere.png")
    with pytest.raises(siam.PictureError, match="empty"):
        run.query(b"")
    with pytest.raises(siam.PictureError, match="received uint8 of shape"):
        run.query(np.zeros((3, 5, 7), np.uint8))
    with pytest.raises(siam.PictureError, match="nowhere.png"):
        run.embed(["nowhere.png"])
    with pytest.raises(siam.UsageError, match="received int"):
        run.query(7)  # type: ignore[call-overload]
    with pytest.raises(siam.UsageError, match="received NoneType"):
        run.verify(None, None)  # type: ignore[arg-type]


def test_a_lazy_image_of_a_damaged_file(run: siam.Run, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (80, 80), np.uint8)
    Image.fromarray(noise).save(buffer, format="PNG")
    image = Image.open(io.BytesIO(buffer.getvalue()[:2000]))
    with pytest.raises(siam.PictureError, match="damaged or cut short"):
        run.query(image)


def test_embeddings_of_one_and_of_several(run: siam.Run, digit: Path) -> None:
    several = run.embed([digit, digit.read_bytes()])
    one = run.embed(digit)
    assert one.shape == (64,) and several.shape == (2, 64) and several.dtype == np.float32
    assert np.allclose(several, one, atol=1e-5)
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-5)
    assert run.embed([]).shape == (0, 64)


def test_two_pictures(run: siam.Run, digit: Path) -> None:
    answer = run.verify(digit, np.asarray(Image.open(digit)))
    assert answer.same
    assert (answer.left, answer.right) == (str(digit), "right")
    assert not run.verify(digit, digit, threshold=0.0, false_accept_rate=None).distance > 1e-5


def test_the_figures_are_those_of_the_command(run: siam.Run, trained: Path) -> None:
    figures = run.evaluate()
    summary = figures.to_dict()
    assert figures.recall_at_1 == summary["retrieval"]["recall@1"] > 0.9
    assert figures.pair_accuracy == summary["pairs"]["accuracy"] > 0.9
    assert str(figures).splitlines()[0] == summary["verdict"]
    assert "Recall@1" in str(figures)


def test_the_index_lives(trained: Path, tmp_path: Path, digit: Path) -> None:
    shutil.copytree(trained, tmp_path / "run")
    (tmp_path / "photos" / "new").mkdir(parents=True)
    shutil.copy(digit, tmp_path / "photos" / "new" / "a.png")
    with siam.open(tmp_path / "run") as run:
        before = len(run.index)
        assert run.query(digit).neighbours[0].label != "new"
        assert run.index.sync(tmp_path / "photos", dry_run=True).added == 1
        assert len(run.index) == before
        assert run.index.sync(tmp_path / "photos").added == 1
        assert run.index.sync(tmp_path / "photos").unchanged == 1
        assert len(run.index) == before + 1
        assert run.query(digit).neighbours[0].label == "new"
        assert run.query(digit, where="label=3").neighbours[0].label == "3"
        assert run.index.info().labels["new"] == 1
        assert run.index.verify().clean
        assert run.index.remove(label="new") == 1
        assert run.index.add(digit, label="5").added == 1
        added = run.query(digit).neighbours[0]
        assert (added.label, added.distance) == ("5", pytest.approx(0, abs=1e-3))
        assert run.index.remove([added.id]) == 1
        assert len(run.index) == before


def test_a_run_is_opened_by_name_by_path_or_as_the_newest(run_copy: Path) -> None:
    assert siam.open().name == siam.open("digits").name == siam.open(run_copy).name == "digits"
    assert repr(siam.open()) == f"<Run 'digits' in {run_copy}>"
    assert siam.open().classes == tuple("0123456789")
    with pytest.raises(siam.RunError, match="There is no run 'nobody'"):
        siam.open("nobody")


@pytest.mark.slow
def test_training_from_python(runs: Path) -> None:
    said: list[str] = []
    run = siam.train(
        "digits",
        preset="quick",
        name="tiny",
        epochs=1,
        overrides={"precision": "float32", "optimizer": "adamw"},
        notice=said.append,
    )
    assert (run.name, run.path) == ("tiny", runs / "tiny")
    assert any(sentence.startswith("Training on") for sentence in said)
    assert run.query(np.zeros((28, 28), np.uint8)).label is None
    with pytest.raises(siam.UsageError, match="nothing is overwritten"):
        siam.train("digits", name="tiny")
    with pytest.raises(siam.UsageError, match="There is no preset 'huge'"):
        siam.train("digits", preset="huge")
