from __future__ import annotations

import pytest

from siam.datasets.layout import arrange, class_depth
from siam.errors import UsageError


def classes_of(
    *paths: str, classes_from: str | None = None
) -> dict[str, tuple[str, str, str | None]]:
    layout = arrange(paths, classes_from=classes_from)
    return {e.path: (e.part, e.class_name, e.group) for e in layout.entries}


def test_one_sub_folder_per_class() -> None:
    assert classes_of("cat/1.png", "dog/1.jpg") == {
        "cat/1.png": ("train", "cat", None),
        "dog/1.jpg": ("train", "dog", None),
    }


def test_train_and_test_folders_are_splits() -> None:
    assert classes_of("train/cat/1.png", "Test/cat/2.png", "val/dog/3.png") == {
        "train/cat/1.png": ("train", "cat", None),
        "Test/cat/2.png": ("test", "cat", None),
        "val/dog/3.png": ("validation", "dog", None),
    }


def test_folders_named_train_beside_others_are_classes() -> None:
    found = classes_of("train/1.png", "bus/1.png")
    assert {name for _, name, _ in found.values()} == {"train", "bus"}


def test_wrapping_folders_are_looked_through() -> None:
    found = classes_of("set/v2/cat/1.png", "set/v2/dog/1.png")
    assert {name for _, name, _ in found.values()} == {"cat", "dog"}
    found = classes_of("set/train/cat/1.png", "set/test/cat/2.png")
    assert {(part, name) for part, name, _ in found.values()} == {("train", "cat"), ("test", "cat")}


def test_the_only_class_is_no_wrapper() -> None:
    assert classes_of("cat/1.png", "cat/2.png")["cat/1.png"] == ("train", "cat", None)


def test_even_depth_takes_the_innermost_folder_with_its_group() -> None:
    found = classes_of("Greek/a/1.png", "Greek/b/1.png", "Latin/a/1.png")
    assert found["Latin/a/1.png"] == ("train", "Latin/a", "Latin")
    assert len({name for _, name, _ in found.values()}) == 3


def test_uneven_depth_takes_the_outermost_folder() -> None:
    found = classes_of("cat/1.png", "cat/2021/2.png", "dog/2022/may/3.png")
    assert [name for _, name, _ in found.values()] == ["cat", "cat", "dog"]


@pytest.mark.parametrize("classes_from", ["folder", "1"])
def test_outermost_folder_on_request(classes_from: str) -> None:
    found = classes_of("Greek/a/1.png", "Latin/b/1.png", classes_from=classes_from)
    assert [name for _, name, _ in found.values()] == ["Greek", "Latin"]


def test_depth_on_request_keeps_a_folder_it_needs() -> None:
    paths = ("Greek/a/1.png", "Greek/b/1.png")
    found = classes_of(*paths, classes_from="alphabet/character")
    assert [name for _, name, _ in found.values()] == ["Greek/a", "Greek/b"]
    found = classes_of(*(f"all/{path}" for path in paths), classes_from="2")
    assert [name for _, name, _ in found.values()] == ["Greek/a", "Greek/b"]


def test_files_outside_of_any_class_are_told_and_change_nothing() -> None:
    layout = arrange(["cat/1.png", "dog/1.png", "loose.png"])
    assert [entry.class_name for entry in layout.entries] == ["cat", "dog"]
    assert layout.outside == ("loose.png",)


def test_pictures_without_any_folder_have_no_class() -> None:
    layout = arrange(["1.png", "2.png"])
    assert layout.entries == ()
    assert layout.outside == ("1.png", "2.png")


def test_nothing_gives_nothing() -> None:
    assert arrange([]).entries == ()


@pytest.mark.parametrize(
    ("classes_from", "depth"),
    [("folder", 1), ("alphabet/character", 2), ("a/b/c", 3), ("1", 1), ("2", 2)],
)
def test_class_depth(classes_from: str, depth: int) -> None:
    assert class_depth(classes_from) == depth


@pytest.mark.parametrize("classes_from", ["", "0", "alphabet/", "/", " "])
def test_class_depth_refuses_what_names_no_folders(classes_from: str) -> None:
    with pytest.raises(UsageError, match=f"received '{classes_from}'") as caught:
        class_depth(classes_from)
    assert "alphabet/character" in caught.value.cure


def layout_of(*paths: str) -> tuple[set[tuple[str, str]], tuple[str, ...], tuple[str, ...]]:
    layout = arrange(paths)
    found = {(entry.part, entry.class_name) for entry in layout.entries}
    return found, layout.outside, layout.unlabelled


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("train", "dev", "test"),
        ("Training", "Validation", "Testing"),
        ("seg_train", "valid", "TEST"),
    ],
)
def test_splits_by_the_names_that_people_give(train: str, validation: str, test: str) -> None:
    paths = [f"{part}/{name}/1.png" for part in (train, validation, test) for name in "ab"]
    assert layout_of(*paths)[0] == {
        (part, name) for part in ("train", "validation", "test") for name in "ab"
    }


def test_the_one_folder_inside_a_split_is_looked_through() -> None:
    twice = [f"seg_{part}/seg_{part}/{name}/1.png" for part in ("train", "test") for name in "ab"]
    both = {(part, name) for part in ("train", "test") for name in "ab"}
    assert layout_of(*twice, "seg_pred/seg_pred/1.png") == (
        both,
        ("seg_pred/seg_pred/1.png",),
        ("seg_pred",),
    )
    same = [f"{part}/data/{name}/1.png" for part in ("train", "test") for name in "ab"]
    assert layout_of(*same)[0] == both


@pytest.mark.parametrize("path", ["test/1.png", "test/test/1.png", "test/images/1.png"])
def test_a_test_folder_without_classes_is_told(path: str) -> None:
    found, outside, unlabelled = layout_of("train/cat/1.png", "train/dog/1.png", path)
    assert found == {("train", "cat"), ("train", "dog")}
    assert (outside, unlabelled) == ((path,), ("test",))


def test_folders_of_any_bytes_are_classes_by_their_letters() -> None:
    found = layout_of("caf\udce9/1.png", "cafe\u0301/1.png", "caf\u00e9/2.png")[0]
    assert found == {("train", "caf\\xe9"), ("train", "caf\u00e9")}
