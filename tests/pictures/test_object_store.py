"""Pictures in an object store: what is listed, what is fetched, and what goes wrong in a line."""

from __future__ import annotations

import builtins
import socket
from collections.abc import Callable
from typing import Any

import pytest
from s3fs import S3FileSystem

from siam.errors import DataError, MissingExtraError
from siam.pictures import object_store
from siam.pictures.object_store import StoredPicture, fetch_pictures, list_pictures, open_stored
from siam.pictures.reading import Skipped

Put = Callable[..., None]


def test_a_prefix_is_listed_as_a_folder_is_walked(s3: Put) -> None:
    names = ("a/b.png", "a-b.png", "a/a/c.JPG", "z.txt", ".hidden/x.png", "a/@eaDir/y.png", "w/")
    s3(**{f"photos/{name}": b"ab" for name in names}, **{"photos2/no.png": b"no"})
    listed = list_pictures("s3://pictures/photos/")
    assert [one.inside for one in listed] == ["a/a/c.JPG", "a/b.png", "a-b.png"]
    assert listed == list_pictures("s3://pictures/photos")
    assert listed[1] == StoredPicture("pictures/photos/a/b.png", "a/b.png", 2)
    assert listed[1].name == "s3://pictures/photos/a/b.png"
    assert len(list_pictures("s3://pictures")) == 4


def test_one_object_is_a_picture_whatever_its_name(s3: Put) -> None:
    s3(**{"photos/scan": b"abc"})
    (one,) = list_pictures("s3://pictures/photos/scan")
    assert (one.name, one.inside, one.size) == ("s3://pictures/photos/scan", "scan", 3)


def test_pictures_come_in_their_order_and_within_their_size(
    s3: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = {f"{row:03}.png": b"%d" % row * (row % 3) for row in range(30)}
    s3(**contents)
    listed = list_pictures("s3://pictures")
    monkeypatch.setattr(object_store, "OBJECTS", 4)
    monkeypatch.setattr(object_store, "BYTES", 5)
    s3(**{"004.png": b"4 and much more than when it was listed"})
    contents["004.png"] = b"4"
    assert list(fetch_pictures(listed)) == list(contents.values())


def test_what_is_gone_or_too_large_is_passed_over(s3: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    s3(**{"a.png": b"a", "b.png": b"bbb", "c.png": b"c"})
    listed = list_pictures("s3://pictures")
    monkeypatch.setattr(object_store, "MAX_STREAM", 2)
    S3FileSystem().rm("pictures/c.png")
    assert list(fetch_pictures(listed)) == [
        b"a",
        Skipped("s3://pictures/b.png", "is larger than 0 MiB, too much for a picture"),
        Skipped("s3://pictures/c.png", "is not there any more"),
    ]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("s3://", "names no bucket"),
        ("s3://elsewhere/photos", "There is nothing at s3://elsewhere/photos"),
        ("s3://pictures/photos", r"There is no picture at s3://pictures/photos\.\n"),
        ("s3://pictures/texts", "There is no picture at s3://pictures/texts, but 1 other object"),
    ],
)
def test_what_is_not_there_is_named(s3: Put, address: str, words: str) -> None:
    s3(**{"texts/a.txt": b"a"})
    with pytest.raises(DataError, match=words):
        list_pictures(address)


def test_without_a_login_or_a_right_it_says_how_to_log_in(
    s3: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3(**{"a.png": b"a", "t.parquet": b"a"})
    listed = list_pictures("s3://pictures")
    with monkeypatch.context() as patch:
        patch.setattr("moto.settings.INITIAL_NO_AUTH_ACTION_COUNT", 0)
        for refused in (
            lambda: list_pictures("s3://pictures"),
            lambda: list(fetch_pictures(listed)),
            lambda: open_stored("s3://pictures/t.parquet").__enter__(),
        ):
            with pytest.raises(DataError, match=r"^s3://pictures.* gives no access: .*\nLog in"):
                refused()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    S3FileSystem.clear_instance_cache()
    with pytest.raises(DataError, match=r"s3://pictures is asked without a login\.\nLog in as"):
        list_pictures("s3://pictures")


@pytest.mark.slow  # for botocore's attempts
def test_a_store_that_is_not_reached_is_told_of(s3: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    s3(**{"a.png": b"a"})
    listed = list_pictures("s3://pictures")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://{}:{}".format(*nobody.getsockname()))
        S3FileSystem.clear_instance_cache()
        for asked in (
            lambda: list_pictures("s3://pictures"),
            lambda: list(fetch_pictures(listed)),
            lambda: open_stored("s3://pictures/a.png").__enter__(),
        ):
            with pytest.raises(DataError, match=r"s3://pictures.* cannot be read: .*\nCheck the n"):
                asked()


def test_without_s3fs_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "s3fs":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"s3://b/a needs .*'s3'.*\n.*siam\[s3\]"):
        list_pictures("s3://b/a")
