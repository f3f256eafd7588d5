from __future__ import annotations

import gzip
import io
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siam.datasets.idx import parse_idx, read_idx
from siam.errors import DataError

PICTURES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
# Two pictures of 3 x 4, spelt out.
CONTENT = bytes.fromhex("00000803 00000002 00000003 00000004") + bytes(range(24))


@pytest.mark.parametrize("name", ["pictures", "pictures.gz"])
def test_reads_what_was_written_gzipped_or_not(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(CONTENT) if name.endswith("gz") else CONTENT)
    np.testing.assert_array_equal(read_idx(path, dimensions=3), PICTURES)


def test_gzip_is_told_by_content_not_name(tmp_path: Path) -> None:
    path = tmp_path / "pictures.gz"
    path.write_bytes(CONTENT)
    np.testing.assert_array_equal(read_idx(path, dimensions=3), PICTURES)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="absent cannot be read: No such file"):
        read_idx(tmp_path / "absent", dimensions=3)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "must begin with the IDX magic number 00000803 .*begins with nothing"),
        (b"\x00\x00\x08\x01" + CONTENT[4:], "00000803 .* it begins with 00000801"),
        (b"\x00\x00\x0d\x03" + CONTENT[4:], "unsigned bytes in 3 dimensions"),
        (b"\x00\x00\x08", "it begins with 000008"),
        (b"PK\x03\x04 and so on", "begins with 504b0304"),
        (CONTENT[:10], "an IDX header has 16 bytes, it has 10"),
        (CONTENT[:-1], "cut off: its header says 2 x 3 x 4, so 40 bytes, it has 39"),
        (CONTENT + b"!", "too long: its header says 2 x 3 x 4, so 40 bytes, it has 41"),
        (CONTENT[:4] + b"\xff" * 12, "says that it holds 4294967295 x"),
    ],
)
def test_damaged_content_is_refused_with_the_values(content: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        parse_idx(io.BytesIO(content), name="train-images", dimensions=3)
    assert caught.value.problem.startswith("train-images ")
    assert caught.value.cure


@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: packed[:-9],
        lambda packed: packed[:20],
        lambda packed: packed[:30] + bytes([packed[30] ^ 255]) + packed[31:],
        lambda packed: packed[:-8] + b"\0" * 8,
    ],
    ids=["cut trailer", "cut stream", "flipped byte", "wrong check sum"],
)
def test_damaged_gzip_is_refused(tmp_path: Path, damage) -> None:
    path = tmp_path / "pictures.gz"
    path.write_bytes(damage(gzip.compress(CONTENT)))
    with pytest.raises(DataError, match="damaged gzip file"):
        read_idx(path, dimensions=3)


def test_an_endless_gzip_stream_is_read_as_far_as_its_header_says(tmp_path: Path) -> None:
    """Four megabytes that unpack to four gigabytes are read for the 40 bytes they speak of."""
    path = tmp_path / "pictures.gz"
    more = gzip.compress(bytes(1 << 22))  # another member: the stream goes on with it
    path.write_bytes(gzip.compress(CONTENT) + more * 1000)
    tracemalloc.start()
    with pytest.raises(DataError, match="too long: its header says 2 x 3 x 4, so 40 bytes"):
        read_idx(path, dimensions=3)
    assert tracemalloc.get_traced_memory()[1] < 20 << 20
    tracemalloc.stop()


def test_a_header_that_says_more_than_memory_holds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pictures"
    path.write_bytes(CONTENT[:4] + b"\xff" * 12)
    with pytest.raises(DataError, match="says that it holds 4294967295 x"):
        read_idx(path, dimensions=3)


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pictures")
    with pytest.raises(DataError, match="is no plain file"):
        read_idx(tmp_path / "pictures", dimensions=3)


@given(st.binary(max_size=64))
def test_any_bytes_give_an_array_or_a_data_error(content: bytes) -> None:
    try:
        labels = parse_idx(io.BytesIO(content), name="labels", dimensions=1)
    except DataError:
        return
    assert len(labels) == len(content) - 8
