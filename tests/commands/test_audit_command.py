"""`siam audit`: what it finds in a folder, its JSON, its page, and a copy that is mended."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from siam.cli import app
from siam.datasets.digits import load_digits


def siam(*words: str | Path) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(app, ["audit", *map(str, words)])


@pytest.fixture
def photos(run_copy: Path, tmp_path: Path) -> Path:
    """Digits in folders: one in a wrong one, one twice, one in both splits, one broken."""
    digits = load_digits(seed=0).test
    for place, (picture, label) in enumerate(zip(digits.pictures, digits.labels, strict=True)):
        folder = tmp_path / "photos" / ("test" if place % 4 == 0 else "train") / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture[:, :, 0]).save(folder / f"{place}.png")
    photos = tmp_path / "photos"
    [zero] = photos.glob(f"train/0/{first(digits.labels, 0)}.png")
    zero.rename(photos / "train/7/wrong.png")
    (photos / "train/1/twice.png").write_bytes(next(photos.glob("train/1/*.png")).read_bytes())
    leak = Image.open(next(photos.glob("train/2/*.png")))
    leak.resize((56, 56), Image.Resampling.BICUBIC).save(photos / "test/2/leak.png")
    (photos / "train/3/broken.png").write_text("no picture")
    Image.fromarray(255 - np.asarray(leak)).save(photos / "train/2/paper.png")
    return photos


def first(labels: np.ndarray, label: int) -> int:
    """Return the first row of a label that goes to train."""
    return int(next(row for row in np.flatnonzero(labels == label) if row % 4))


def test_what_is_wrong_is_found_and_mended(photos: Path, tmp_path: Path) -> None:
    result = siam(photos, "--run", "digits", "--json", "--csv", "fixes.csv", "--html", "page.html")
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    assert content.keys() == {
        *("schema", "run", "dataset", "way", "count", "trained_on", "wrong_share", "counts"),
        *("findings", "overlaps", "small_classes"),
    }
    assert (content["run"], content["trained_on"]) == ("digits", 0)
    found = {one["path"]: one for one in reversed(content["findings"])}
    assert found["train/7/wrong.png"]["problem"] == "wrong label"
    assert found["train/7/wrong.png"]["proposal"] == "label as 0"
    assert found["train/7/wrong.png"]["probability"] > 0.5
    assert found["test/2/leak.png"]["problem"] == "leak"
    assert found["train/3/broken.png"]["problem"] == "unreadable"
    assert any(
        one["problem"] == "duplicate" and "train/1/" in one["path"] for one in content["findings"]
    )
    assert found["train/2/paper.png"]["problem"] == "unlike its class"
    page = Path("page.html").read_text("utf-8")
    assert "train/7/wrong.png" in page and "http" not in page.replace("http-equiv", "")
    back = siam(photos, "--apply", "fixes.csv", "--to", "mended", "--json")
    assert back.exit_code == 0, back.output
    assert Path("mended/train/0/wrong.png").exists()
    assert not Path("mended/test/2/leak.png").exists()
    assert (photos / "train/7/wrong.png").exists()


def test_its_own_data_set_and_words(run_copy: Path) -> None:
    result = siam()
    assert result.exit_code == 0
    assert result.stdout.startswith("digits, 1,797 pictures of 10 classes: ")
    assert "was trained on 1,259 of the 1,797 pictures" in result.stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--quick", "--folds", "3"), 2),
        (("--folds", "1"), 2),
        (("--apply", "fixes.csv"), 2),
        (("--csv", "nowhere/fixes.csv"), 2),
        (("nowhere",), 3),
        (("--run", "nowhere"), 4),
        (("nowhere", "--quick"), 4),
    ],
)
@pytest.mark.usefixtures("run_copy")
def test_exit_codes(words: tuple[str, ...], code: int) -> None:
    assert siam(*words).exit_code == code
