"""Shards of an embedding: disjoint, complete, joined to what one machine makes, else refused."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from siam.cli import app
from siam.engine.embed import Embedding, embed, merge
from siam.engine.embedding.shards import Shard, digest_keys, parse_shard
from siam.errors import DataError, UsageError
from siam.runs.held_out import load_held_out


@given(st.integers(0, 10_000), st.integers(1, 200))
def test_blocks_are_disjoint_complete_and_even(total: int, of: int) -> None:
    blocks = [Shard(number, of).block(total) for number in range(1, of + 1)]
    assert [place for block in blocks for place in block] == list(range(total))
    assert max(map(len, blocks)) - min(map(len, blocks)) <= 1


@pytest.mark.parametrize("text", ["", "0/2", "3/2", "1", "1/", "-1/2", "1/2/3", "a/b", "1/9999999"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--shard is I/N with I from 1 to N"):
        parse_shard(text)


def test_a_listing_is_its_names_and_their_order() -> None:
    listings = (["ab", "c"], ["a", "bc"], ["c", "ab"], ["ab"], ["ab", "c", ""], ["ab\udcff", "c"])
    assert len(set(map(digest_keys, listings))) == len(listings)


@pytest.fixture
def inputs(run_copy: Path, tmp_path: Path) -> list[str]:
    """Two files of arrays, one with labels, and between them a folder with a bad picture."""
    import cv2

    _, test = load_held_out(run_copy)
    np.savez(tmp_path / "a.npz", x=test.pictures[:7], y=test.labels[:7])
    np.savez(tmp_path / "b.npz", x=test.pictures[20:24])
    (tmp_path / "some").mkdir()
    for row in range(3):
        cv2.imwrite(str(tmp_path / "some" / f"{row}.png"), test.pictures[row])
    (tmp_path / "some" / "1bad.png").write_bytes(b"no picture")
    return [str(tmp_path / name) for name in ("a.npz", "some", "b.npz")]


def embedded(inputs: list[str], out: Path, **more: Any) -> Embedding:
    return embed(inputs, out, standard_input=io.BytesIO(), **more)


def make_parts(inputs: list[str], folder: Path, of: int) -> list[Path]:
    parts = [folder / f"part{number}.npz" for number in range(1, of + 1)]
    for number, part in enumerate(parts, 1):
        embedded(inputs, part, shard=Shard(number, of))
    return parts


@pytest.mark.parametrize("of", [1, 4, 20])
def test_parts_are_joined_to_what_one_machine_makes(
    inputs: list[str], tmp_path: Path, of: int
) -> None:
    whole = embedded(inputs, tmp_path / "whole.jsonl")
    joined = merge(make_parts(inputs, tmp_path, of)[::-1], tmp_path / "joined.jsonl")
    assert (joined.count, joined.skipped, joined.run) == (14, whole.skipped, whole.run)
    lines = [
        [msgspec.json.decode(line) for line in (tmp_path / name).read_text().splitlines()]
        for name in ("whole.jsonl", "joined.jsonl")
    ]
    assert [(one["key"], one["label"]) for one in lines[0]] == [
        (one["key"], one["label"]) for one in lines[1]
    ]
    whole_vectors, vectors = (np.array([one["embedding"] for one in some]) for some in lines)
    np.testing.assert_allclose(vectors, whole_vectors, atol=1e-6)


def test_parts_that_are_not_all_there_or_of_one_embedding_are_refused(
    inputs: list[str], tmp_path: Path
) -> None:
    first, second, third = make_parts(inputs, tmp_path, 3)
    with pytest.raises(DataError, match=r"1 of 3 parts are missing: 2/3\.\n.*--shard 2/3"):
        merge([first, third], tmp_path / "e.npy")
    with pytest.raises(DataError, match="are both part 2/3"):
        merge([first, second, third, second], tmp_path / "e.npy")
    embedded(inputs, third, shard=Shard(3, 4))
    with pytest.raises(DataError, match="of shards in number 3, .*part3.npz of 4"):
        merge([first, second, third], tmp_path / "e.npy")
    Path(inputs[1], "9new.png").write_bytes(b"")
    embedded(inputs, third, shard=Shard(3, 3))
    with pytest.raises(DataError, match="part3.npz of .*no parts of one embedding"):
        merge([first, second, third], tmp_path / "e.npy")
    assert not (tmp_path / "e.npy").exists()


def test_a_damaged_part_is_refused(inputs: list[str], tmp_path: Path) -> None:
    (part,) = make_parts(inputs, tmp_path, 1)
    with np.load(part) as content:
        arrays = dict(content)
    for name, value in (
        ("keys", arrays["keys"][1:]),
        ("embeddings", arrays["embeddings"][1:]),
        ("embeddings", arrays["embeddings"].astype(np.float64)),
        ("shard", arrays["shard"][1:]),
    ):
        np.savez(part, **{**arrays, name: value})
        with pytest.raises(DataError, match="is no part that siam embed --shard wrote"):
            merge([part], tmp_path / "e.npy")
    with pytest.raises(DataError, match="There is no file"):
        merge([tmp_path / "none.npz"], tmp_path / "e.npy")
    with pytest.raises(DataError, match="is no part"):
        merge([Path(inputs[0])], tmp_path / "e.npy")


def test_a_part_is_written_as_npz_and_not_read_as_out(inputs: list[str], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"A part is written as \.npz"):
        embedded(inputs, tmp_path / "e.jsonl", shard=Shard(1, 2))
    (part,) = make_parts(inputs, tmp_path, 1)
    with pytest.raises(UsageError, match="would be written over"):
        merge([part], part)


def test_the_command_embeds_shards_and_merges_them(
    inputs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    codes = [runner.invoke(app, ["embed", *inputs, "--shard", f"{n}/2"]).exit_code for n in (1, 2)]
    assert codes == [3, 0] or codes == [0, 3]  # whichever had the bad picture
    parts = [f"embeddings-{number}-of-2.npz" for number in (1, 2)]
    done = runner.invoke(app, ["embed", "--merge", *parts, "--out", "all.npz", "--json"])
    told = msgspec.json.decode(done.stdout)
    assert (done.exit_code, told["count"], len(told["skipped"])) == (3, 14, 1)
    assert len(np.load("all.npz")["keys"]) == 14
    refused = runner.invoke(app, ["embed", "--merge", *parts, "--run", "digits"])
    assert refused.exit_code == 2 and "it takes no --shard and no --run" in refused.stderr
