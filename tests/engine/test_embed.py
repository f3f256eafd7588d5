"""Embedding files: every input, every format, bad pictures among good ones, bounded memory."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from siam.engine import reading
from siam.engine.answers.answer import Unreadable
from siam.engine.embed import Embedding, embed
from siam.engine.embedding.batches import Batch
from siam.engine.embedding.embedding_files import Part, check_target, write_embeddings
from siam.engine.open_run import open_encoder_of
from siam.engine.reading import (
    PictureOptions,
    PreparedPicture,
    join_portions,
    read_ahead,
    read_one,
)
from siam.errors import DataError, MissingExtraError, RunError, UsageError
from siam.pictures.preparation import Preparation
from siam.runs.held_out import load_held_out


def part(keys: list[str], labels: list[str | None], rows: np.ndarray) -> Part:
    return Batch(keys, labels, np.empty((len(keys), 4, 4, 1), np.uint8)), rows


PARTS = [
    part(["a", "ü\n"], ["1", "0"], np.array([[1, 0], [0, 1]], np.float32)),
    part([], [], np.empty((0, 2), np.float32)),
    part(["a longer key"], ["12"], np.array([[0.6, 0.8]], np.float32)),
]
VECTORS = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
KEYS = ["a", "ü\n", "a longer key"]
ENCODER = "0123456789abcdef" * 4


@pytest.fixture
def pictures(run_copy: Path, tmp_path: Path) -> Path:
    """A folder of six of the run's test pictures as PNG, in two sub-folders."""
    _, test = load_held_out(run_copy)
    folder = tmp_path / "pictures"
    for row in range(6):
        (folder / f"kind{row % 2}").mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"kind{row % 2}" / f"{row}.png"), test.pictures[row])
    return folder


def embedded(inputs: list[str], out: Path, **more: Any) -> Embedding:
    return embed(inputs, out, standard_input=io.BytesIO(), **more)


def test_npz_holds_embeddings_keys_and_labels(tmp_path: Path) -> None:
    write_embeddings(tmp_path / "e.npz", iter(PARTS), dim=2, encoder=ENCODER)
    with np.load(tmp_path / "e.npz", allow_pickle=False) as content:
        np.testing.assert_array_equal(content["embeddings"], VECTORS)
        assert content["embeddings"].dtype == np.float32
        assert content["keys"].tolist() == KEYS
        assert content["labels"].dtype == np.int64 and content["labels"].tolist() == [1, 0, 12]


@pytest.mark.parametrize("label", ["01", "cat", "-0", "1.5", "", "9" * 19])
def test_labels_that_are_no_plain_numbers_stay_text(tmp_path: Path, label: str) -> None:
    labelled = part(["a", "b"], ["7", label], VECTORS[:2])
    write_embeddings(tmp_path / "e.npz", iter([labelled]), dim=2, encoder=ENCODER)
    assert np.load(tmp_path / "e.npz")["labels"].tolist() == ["7", label]


def test_npz_has_no_labels_where_one_is_not_known(tmp_path: Path) -> None:
    parts = [*PARTS, part(["new"], [None], VECTORS[:1])]
    write_embeddings(tmp_path / "e.npz", iter(parts), dim=2, encoder=ENCODER)
    assert sorted(np.load(tmp_path / "e.npz")) == ["embeddings", "encoder", "keys"]


def test_npy_holds_the_embeddings_alone(tmp_path: Path) -> None:
    write_embeddings(tmp_path / "e.npy", iter(PARTS), dim=2, encoder=ENCODER)
    np.testing.assert_array_equal(np.load(tmp_path / "e.npy", mmap_mode="r"), VECTORS)


def test_json_lines_hold_one_object_per_picture(tmp_path: Path) -> None:
    write_embeddings(
        tmp_path / "e.jsonl",
        iter([*PARTS, part(["n"], [None], VECTORS[:1])]),
        dim=2,
        encoder=ENCODER,
    )
    lines = [json.loads(line) for line in (tmp_path / "e.jsonl").read_text().splitlines()]
    assert [line["key"] for line in lines] == [*KEYS, "n"]
    assert [line["label"] for line in lines] == ["1", "0", "12", None]
    back = np.array([line["embedding"] for line in lines[:3]], np.float32)
    np.testing.assert_array_equal(back, VECTORS)


def test_parquet_holds_a_table(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    write_embeddings(tmp_path / "e.parquet", iter(PARTS), dim=2, encoder=ENCODER)
    table = parquet.read_table(tmp_path / "e.parquet").to_pydict()
    assert table["key"] == KEYS and table["label"] == ["1", "0", "12"]
    np.testing.assert_array_equal(np.array(table["embedding"], np.float32), VECTORS)


def test_parquet_without_pyarrow_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'siam\[parquet\]'"):
        check_target(tmp_path / "e.parquet")


def test_another_ending_or_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.npz, \.npy, \.parquet, \.jsonl, received .*e\.csv"):
        check_target(tmp_path / "e.csv")
    with pytest.raises(UsageError, match="cannot be written"):
        check_target(tmp_path / "nowhere" / "e.npz")


def test_a_folder_in_place_of_a_file_and_one_without_rights_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "e.npz").mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        check_target(tmp_path / "e.npz")
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(UsageError, match="read-only"):
        check_target(tmp_path / "f.npz")


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    def failing() -> Iterator[Part]:
        yield PARTS[0]
        raise DataError("cut short")

    (tmp_path / "e.npz").write_bytes(b"old")
    with pytest.raises(DataError, match="cut short"):
        write_embeddings(tmp_path / "e.npz", failing(), dim=2, encoder=ENCODER)
    assert [path.name for path in tmp_path.iterdir()] == ["e.npz"]
    assert (tmp_path / "e.npz").read_bytes() == b"old"


def test_arrays_give_the_encoders_embeddings(run_copy: Path, tmp_path: Path) -> None:
    _, test = load_held_out(run_copy)
    np.savez(tmp_path / "a.npz", x=test.pictures[..., 0], y=test.labels)
    done = embedded([str(tmp_path / "a.npz")], tmp_path / "e.npz")
    encoder = open_encoder_of(None)[2]
    with np.load(tmp_path / "e.npz") as content:
        np.testing.assert_allclose(content["embeddings"], encoder.encode(test.pictures), atol=1e-6)
        np.testing.assert_array_equal(content["labels"], test.labels)
        assert content["keys"][:2].tolist() == ["a.npz/0", "a.npz/1"]
    assert (done.count, done.dim, done.run) == (len(test), encoder.dim, "digits")


def test_many_arrays_keep_their_order_keys_and_labels(
    run_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("siam.engine.inputs.ROWS", 4)
    _, test = load_held_out(run_copy)
    np.savez(tmp_path / "a.npz", x=test.pictures[:10], y=np.array([f"c{i}" for i in range(10)]))
    embedded([str(tmp_path / "a.npz")], tmp_path / "e.npz")
    with np.load(tmp_path / "e.npz") as content:
        whole = open_encoder_of(None)[2].encode(test.pictures[:10])
        np.testing.assert_allclose(content["embeddings"], whole, atol=1e-6)
        assert content["keys"].tolist() == [f"a.npz/{i}" for i in range(10)]
        assert content["labels"].tolist() == [f"c{i}" for i in range(10)]


def test_a_split_is_that_of_the_training(run_copy: Path, tmp_path: Path) -> None:
    _, test = load_held_out(run_copy)
    embedded(["digits:test"], tmp_path / "e.npz")
    with np.load(tmp_path / "e.npz") as content:
        assert content["keys"].tolist() == list(test.origins)
        np.testing.assert_array_equal(content["labels"], test.labels)


def test_pictures_are_labelled_by_their_folder(pictures: Path, tmp_path: Path) -> None:
    embedded([str(pictures)], tmp_path / "e.npz")
    with np.load(tmp_path / "e.npz") as content:
        assert content["labels"].tolist() == ["kind0"] * 3 + ["kind1"] * 3
        assert content["keys"][0] == str(pictures / "kind0" / "0.png")


def test_bad_pictures_are_told_of_and_passed_over(pictures: Path, tmp_path: Path) -> None:
    (pictures / "kind0" / "1bad.png").write_bytes(b"no picture")
    told: list[tuple[int, int]] = []
    done = embedded(
        [str(pictures), str(tmp_path / "none.png")],
        tmp_path / "e.npz",
        progress=lambda _, step, total: told.append((step, total)),
    )
    assert done.count == 6 == len(np.load(tmp_path / "e.npz")["keys"])
    assert [Path(skipped.path).name for skipped in done.skipped] == ["1bad.png", "none.png"]
    assert told[-1] == (8, 8)


def test_nothing_readable_writes_nothing(run_copy: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"no picture that can be read.*bad\.png"):
        embedded([str(tmp_path / "bad.png")], tmp_path / "e.npz")
    assert not (tmp_path / "e.npz").exists()


def test_a_picture_may_come_from_standard_input(pictures: Path, tmp_path: Path) -> None:
    content = (pictures / "kind0" / "0.png").read_bytes()
    embed(["-"], tmp_path / "e.npz", standard_input=io.BytesIO(content))
    embedded([str(pictures / "kind0" / "0.png")], tmp_path / "f.npz")
    left, right = (np.load(tmp_path / name)["embeddings"] for name in ("e.npz", "f.npz"))
    np.testing.assert_allclose(left, right, atol=1e-6)


def test_a_data_set_needs_a_split(run_copy: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="several splits.*\nName one, such as digits:test"):
        embedded(["digits"], tmp_path / "e.npz")


def test_arrays_of_another_size_are_refused(run_copy: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((2, 30, 30), np.uint8))
    with pytest.raises(DataError, match=r"received uint8 of shape \(2, 30, 30, 1\)"):
        embedded([str(tmp_path / "a.npz")], tmp_path / "e.npz")


def test_the_index_is_not_needed_but_the_encoder_is(run_copy: Path, tmp_path: Path) -> None:
    import shutil

    shutil.rmtree(run_copy / "index")
    embedded(["digits:test"], tmp_path / "e.npy")
    (run_copy / "encoder.tflite").write_bytes(b"another")
    with pytest.raises(RunError, match=r"encoder\.tflite is not the file that training wrote"):
        embedded(["digits:test"], tmp_path / "e.npy")


def test_reading_stays_a_few_hundred_pictures_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = cv2.imencode(".png", np.zeros((4, 4), np.uint8))[1].tobytes()
    monkeypatch.setattr("siam.parallel.cores", lambda: 2)
    taken = 0

    def sources() -> Iterator[tuple[str, bytes]]:
        nonlocal taken
        for number in range(10_000):
            taken += 1
            yield str(number), picture

    chunks = read_ahead(sources(), Preparation("none", (4, 4), 1))
    seen = 0
    for chunk in chunks:
        names = [picture.name for picture in chunk if isinstance(picture, PreparedPicture)]
        assert names == [str(seen + i) for i in range(len(chunk))]
        seen += len(chunk)
        assert taken - seen <= (2 * reading.AHEAD + 1) * reading.CHUNK
        if seen > 3_000:
            break
    chunks.close()


def test_steps_are_kept_on_request_only() -> None:
    picture = cv2.imencode(".png", np.zeros((6, 6), np.uint8))[1].tobytes()
    preparation = Preparation("none", (4, 4), 1)
    for keep in (True, False):
        only = read_one(("a", picture), preparation, PictureOptions(keep_steps=keep))
        assert isinstance(only, PreparedPicture) and bool(only.prepared.steps) is keep


def test_portions_are_joined() -> None:
    portions = [[Unreadable(str(i), "bad")] * 3 for i in range(5)]
    assert [len(batch) for batch in join_portions(portions, 5)] == [6, 6, 3]
