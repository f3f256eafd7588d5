from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from siam.datasets import archive as archive_module
from siam.datasets.archive import archive_pictures
from siam.datasets.load import load_dataset
from siam.errors import DataError, PictureError


@pytest.fixture
def zipped(tmp_path: Path, write_folder: Callable[..., Path]) -> Path:
    """The folder of cats and dogs, wrapped in a folder of its own, as a .zip."""
    folder = write_folder()
    target = tmp_path / "pets.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.mkdir("pets")
        for path in sorted(folder.rglob("*.png")):
            opened.write(path, f"pets/{path.relative_to(folder)}")
    return target


def test_archive_gives_what_the_folder_gives(zipped: Path) -> None:
    packed, plain = load_dataset(str(zipped)), load_dataset(str(zipped.with_suffix("")))
    assert packed.fingerprint == plain.fingerprint
    assert packed.classes == ("cat", "dog")
    assert packed.name == "pets"


def test_nothing_is_unpacked_to_disk(zipped: Path) -> None:
    before = sorted(zipped.parent.rglob("*"))
    load_dataset(str(zipped))
    assert sorted(zipped.parent.rglob("*")) == before


def test_members_that_point_elsewhere_are_skipped_and_clutter_is_left_out(zipped: Path) -> None:
    with zipfile.ZipFile(zipped, "a") as opened:
        for name in ("../evil.png", "/etc/evil.png", "a\\..\\evil.png"):
            opened.writestr(name, b"x")
        for name in ("__MACOSX/pets/cat/._0.png", "pets/.DS_Store"):
            opened.writestr(name, b"x")
    with archive_pictures(zipped) as files:
        assert len(files.listing.pictures) == 16
        skipped = files.listing.skipped
        assert {s.path for s in skipped} == {"../evil.png", "/etc/evil.png", "a/../evil.png"}
        assert {s.reason for s in skipped} == {"its name points out of the archive"}
        assert files.listing.hidden == 2


def test_names_of_packers_on_windows_are_paths(zipped: Path) -> None:
    whole = load_dataset(str(zipped))
    with zipfile.ZipFile(zipped) as opened:
        content = {name: opened.read(name) for name in opened.namelist() if name[-1] != "/"}
    with zipfile.ZipFile(zipped, "w") as opened:
        for name, one in content.items():
            opened.writestr(zipfile.ZipInfo(name.replace("/", "\\")), one)
    assert load_dataset(str(zipped)).fingerprint == whole.fingerprint


def test_members_are_pictures_by_their_content(zipped: Path) -> None:
    with zipfile.ZipFile(zipped, "a") as opened:
        opened.writestr("pets/cat/scan", b"P5 2 1 255 ab")
        opened.writestr("pets/cat/notes.txt", b"no picture")
        opened.writestr("pets/cat/notes.png", b"no picture, and its reader will say so")
        opened.writestr("@eaDir/cat/0.png", b"P5 2 1 255 ab")
    with archive_pictures(zipped) as files:
        assert {"pets/cat/scan", "pets/cat/notes.png"} < set(files.listing.pictures)
        assert len(files.listing.pictures) == 18 and not files.listing.skipped


def test_damaged_member_is_a_picture_error(zipped: Path) -> None:
    content = bytearray(zipped.read_bytes())
    with zipfile.ZipFile(zipped) as opened:
        first = opened.infolist()[1]
    content[first.header_offset + 80] ^= 0xFF
    zipped.write_bytes(content)
    with (
        archive_pictures(zipped) as files,
        pytest.raises(PictureError, match=f"{first.filename} is damaged in the archive"),
    ):
        files.fetch(first.filename)
    dataset = load_dataset(str(zipped))
    assert [skipped.path for skipped in dataset.skipped] == [first.filename]


def test_encrypted_member_is_skipped(zipped: Path) -> None:
    content = zipped.read_bytes()
    place = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 1) + 8
    zipped.write_bytes(content[:place] + b"\x01" + content[place + 1 :])
    with archive_pictures(zipped) as files:
        assert [skipped.reason for skipped in files.listing.skipped] == ["is encrypted"]


def test_member_too_large_is_skipped(zipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "MEMBER_BYTES", 1000)
    with zipfile.ZipFile(zipped, "a", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("pets/cat/huge.bmp", b"\0" * 1001)
    with archive_pictures(zipped) as files:
        assert [s.reason for s in files.listing.skipped] == [
            "unpacks to 1,001 bytes, at most 1,000 are read"
        ]


def test_a_name_twice_is_refused(zipped: Path) -> None:
    with zipfile.ZipFile(zipped, "a") as opened, pytest.warns(UserWarning, match="Duplicate name"):
        opened.writestr("pets/cat/0.png", b"another")
    with (
        pytest.raises(DataError, match="holds 'pets/cat/0.png' twice"),
        archive_pictures(zipped),
    ):
        pass


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_damage_in_any_packing_is_a_picture_error(tmp_path: Path, method: int) -> None:
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w", method) as opened:
        opened.writestr("cat/0.png", bytes(range(256)) * 40)
    content = bytearray(path.read_bytes())
    content[45:75] = b"\xff" * 30
    path.write_bytes(content)
    with (
        archive_pictures(path) as files,
        pytest.raises(PictureError, match="0.png is damaged in the archive"),
    ):
        files.fetch("cat/0.png")


def test_bomb_is_refused_whole(zipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "TOTAL_BYTES", 1_000_000)
    with zipfile.ZipFile(zipped, "a", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("pets/cat/bomb.bmp", b"\0" * 10_000_000)
    with (
        pytest.raises(DataError, match="claims to unpack to 10,0.*refused as a bomb"),
        archive_pictures(zipped),
    ):
        pass


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a whole ZIP archive"),
        (b"P5 2 1 255 ab", "not a whole ZIP archive: it is a picture"),
        (b"%PDF-1.4", "not a whole ZIP archive: it is a PDF document"),
        (b"PK\x03\x04 cut off", "not a whole ZIP archive"),
    ],
)
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "set.zip"
    path.write_bytes(content)
    with (
        pytest.raises(DataError, match=words) as caught,
        archive_pictures(path),
    ):
        pass
    assert "a folder with one sub-folder per class" in caught.value.cure


def test_missing_archive(tmp_path: Path) -> None:
    with (
        pytest.raises(DataError, match="absent.zip cannot be read: No such file"),
        archive_pictures(tmp_path / "absent.zip"),
    ):
        pass
