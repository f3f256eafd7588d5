from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from siam.datasets.dataset import Dataset
from siam.datasets.layout import PictureSet
from siam.datasets.load import load_dataset
from siam.datasets.picture_set import read_dataset
from siam.errors import DataError
from siam.pictures.folder_walk import walk_folder
from siam.pictures.preparation import Preparation, prepare_picture
from siam.pictures.reading import read_picture


def load(folder: Path, **options: object) -> Dataset:
    return load_dataset(str(folder), **options)  # type: ignore[arg-type]


def empty_png(width: int, height: int) -> bytes:
    """A PNG whose header claims a size that its content does not have."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(b""))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")


def test_folder_of_classes(
    write_folder: Callable[..., Path], assert_disjoint: Callable[[Dataset], None]
) -> None:
    dataset = load(write_folder())
    assert dataset.classes == ("cat", "dog")
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [8, 4, 4]
    assert dataset.picture_shape == (20, 20, 1)
    assert dataset.prepare == "photo"
    assert dataset.groups == () and dataset.skipped == ()
    assert_disjoint(dataset)
    for split in (dataset.train, dataset.validation, dataset.test):
        for label, origin in zip(split.labels, split.origins, strict=True):
            assert origin.startswith(f"pets/{dataset.classes[label]}/")


@pytest.mark.parametrize("chain", ["photo", "digit", "glyph", "none"])
def test_pictures_go_through_the_chain_of_a_query(
    write_folder: Callable[..., Path], chain: str
) -> None:
    folder = write_folder()
    dataset = load(folder, prepare=chain, size=28)
    assert dataset.prepare == chain
    preparation = Preparation(chain, (28, 28), dataset.picture_shape[2])
    for pixels, origin in zip(dataset.train.pictures, dataset.train.origins, strict=True):
        query = read_picture(folder.parent / origin)
        np.testing.assert_array_equal(pixels, prepare_picture(query, preparation).pixels)


def test_same_result_whatever_thread_was_first(write_folder: Callable[..., Path]) -> None:
    folder = write_folder(("a", "b", "c"), count=30)
    assert load(folder).fingerprint == load(folder).fingerprint
    assert load(folder).train.origins == load(folder).train.origins


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".webp"])
def test_every_format(
    write_folder: Callable[..., Path], write_picture: Callable[..., Path], suffix: str
) -> None:
    folder = write_folder()
    write_picture(folder / "cat" / f"other{suffix}", mode="RGB")
    dataset = load(folder)
    assert dataset.skipped == ()
    assert dataset.picture_shape == (20, 20, 3)


def test_one_picture_in_colour_makes_all_three_channels(
    write_folder: Callable[..., Path], write_picture: Callable[..., Path]
) -> None:
    folder = write_folder()
    # Grey values in a colour file are grey.
    Image.open(folder / "cat" / "0.png").convert("RGB").save(folder / "cat" / "0.png")
    assert load(folder).picture_shape[2] == 1
    write_picture(folder / "cat" / "0.png", mode="RGB")
    dataset = load(folder)
    assert dataset.picture_shape[2] == 3
    grey = next(i for i, o in enumerate(dataset.train.origins) if o.startswith("pets/dog"))
    pixels = dataset.train.pictures[grey]
    np.testing.assert_array_equal(pixels[..., 0], pixels[..., 2])


@pytest.mark.parametrize(
    ("sizes", "side"),
    [
        ([(28, 28)], 28),
        ([(30, 21)], 32),
        ([(21, 30)], 32),
        ([(3, 5)], 16),
        ([(640, 480)], 64),
        ([(20, 20), (40, 40), (400, 400)], 40),
    ],
)
def test_size_follows_the_median_longer_side(
    tmp_path: Path, write_picture: Callable[..., Path], sizes: list[tuple[int, int]], side: int
) -> None:
    for name in "ab":
        for i in range(9):
            seed = i + 10 * (name == "b")
            write_picture(tmp_path / name / f"{i}.png", seed=seed, size=sizes[i % len(sizes)])
    assert load(tmp_path).picture_shape == (side, side, 1)


def test_train_and_test_folders(
    tmp_path: Path,
    write_picture: Callable[..., Path],
    assert_disjoint: Callable[[Dataset], None],
) -> None:
    for part, count in (("train", 10), ("test", 3)):
        for name in "ab":
            for i in range(count):
                seed = 100 * (part == "test") + 10 * (name == "b") + i
                write_picture(tmp_path / part / name / f"{i}.png", seed=seed)
    dataset = load(tmp_path)
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [16, 4, 6]
    assert all("/test/" in origin for origin in dataset.test.origins)
    assert_disjoint(dataset)


def test_groups_and_the_notice_of_nested_classes(
    tmp_path: Path, write_picture: Callable[..., Path]
) -> None:
    for alphabet in ("Greek", "Latin"):
        for character in "ab":
            for i in range(6):
                seed = i + 10 * (character == "b") + 20 * (alphabet == "Greek")
                write_picture(tmp_path / alphabet / character / f"{i}.png", seed=seed)
    notices: list[str] = []
    dataset = load(tmp_path, notice=notices.append)
    assert dataset.classes == ("Greek/a", "Greek/b", "Latin/a", "Latin/b")
    assert dataset.groups == ("Greek", "Greek", "Latin", "Latin")
    assert any("--classes-from folder" in line for line in notices)
    notices.clear()
    outer = load(tmp_path, classes_from="folder", notice=notices.append)
    assert outer.classes == ("Greek", "Latin") and outer.groups == ()
    assert not any("--classes-from" in line for line in notices)


def test_bad_files_are_skipped_reported_and_counted(write_folder: Callable[..., Path]) -> None:
    folder = write_folder()
    whole = (folder / "cat" / "0.png").read_bytes()
    (folder / "cat" / "notes.png").write_text("not a picture")
    (folder / "cat" / "notes.txt").write_text("left out without a word")
    (folder / "cat" / "empty.png").touch()
    (folder / "cat" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "dog" / "none.png").write_bytes(empty_png(0, 0))
    (folder / "dog" / "huge.png").write_bytes(empty_png(20_000, 20_000))
    (folder / "loose.png").write_bytes(whole)
    told: list[tuple[str, int, int]] = []
    dataset = load(folder, progress=lambda *step: told.append(step))
    assert sum(len(s) for s in (dataset.train, dataset.validation, dataset.test)) == 16
    reasons = {skipped.path: skipped.reason for skipped in dataset.skipped}
    assert reasons.keys() == {
        "cat/notes.png",
        "cat/empty.png",
        "cat/cut.png",
        "dog/none.png",
        "dog/huge.png",
        "loose.png",
    }
    assert "is not a picture" in reasons["cat/notes.png"]
    assert "is empty" in reasons["cat/empty.png"]
    assert "cut short" in reasons["cat/cut.png"]
    assert "megapixels" in reasons["dog/huge.png"]
    assert reasons["loose.png"] == "lies outside of the class folders"
    assert told[-1] == ("Reading pictures", 21, 21)


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    with pytest.raises(DataError, match="holds no picture: it must have one sub-folder") as caught:
        load(tmp_path)
    assert "CLASS/PICTURE" in caught.value.cure


def test_folder_without_sub_folders_is_refused(
    tmp_path: Path, write_picture: Callable[..., Path]
) -> None:
    write_picture(tmp_path / "1.png")
    with pytest.raises(DataError, match="no sub-folder per class: its 1 pictures are in none"):
        load(tmp_path)


def test_no_readable_picture_is_refused_with_the_first_reason(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_text("no picture")
    with pytest.raises(DataError, match="no picture that can be read; of 2 .* a/1.png: is not a"):
        load(tmp_path)


def test_one_class_only_is_refused(write_folder: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match=r"has 1 class \(cat\)"):
        load(write_folder(("cat",)))


def test_class_with_one_picture_is_refused(
    write_folder: Callable[..., Path], write_picture: Callable[..., Path]
) -> None:
    folder = write_folder()
    write_picture(folder / "owl" / "0.png")
    with pytest.raises(DataError, match="one picture only of 'owl'"):
        load(folder)


def test_interrupted_reading_does_not_finish_first(write_folder: Callable[..., Path]) -> None:
    folder = write_folder(count=100)
    listing = walk_folder(folder)
    fetched: list[str] = []

    def fetch(path: str) -> bytes:
        fetched.append(path)
        return (folder / path).read_bytes()

    def interrupt(what: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    watched = PictureSet("pets", str(folder), listing, fetch)
    with pytest.raises(KeyboardInterrupt):
        read_dataset(watched, size=(20, 20), progress=interrupt)
    assert len(fetched) < 200


def test_pictures_are_upright(tmp_path: Path, write_picture: Callable[..., Path]) -> None:
    picture = np.zeros((16, 16), dtype=np.uint8)
    picture[:4] = 255  # a white bar on top, after the EXIF note "turn by 180" at the bottom
    exif = Image.Exif()
    exif[0x0112] = 3
    for name in "ab":
        for i in range(6):
            picture[8, 8] = i + 6 * (name == "b")  # no two files are the same
            buffer = io.BytesIO()
            Image.fromarray(picture).save(buffer, format="PNG", exif=exif)
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / f"{i}.png").write_bytes(buffer.getvalue())
    pixels = load(tmp_path, prepare="none").train.pictures[0, ..., 0]
    assert pixels[:4].max() < 50 and pixels[-4:].min() > 200
