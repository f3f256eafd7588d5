"""Embedding by a Ray cluster: the same file as one machine makes, also where a node is lost."""

from __future__ import annotations

import io
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from typer.testing import CliRunner

from siam.cli import app
from siam.engine.embed import Embedding, embed
from siam.engine.embedding import ray_engine
from siam.engine.embedding.batches import Input
from siam.engine.embedding.ray_engine import portions_of
from siam.engine.embedding.shards import Shard
from siam.errors import DataError, MissingExtraError, UsageError
from siam.runs.held_out import load_held_out

COUNT = 60


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A cluster of two nodes of one core each, of which a test may kill the second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
        import ray
        from ray.cluster_utils import Cluster

        node = {"num_cpus": 1, "object_store_memory": 100 << 20, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=node)
        ray.init(address=cluster.address, log_to_driver=False, logging_level="error")
        try:
            yield cluster
        finally:
            ray.shutdown()
            cluster.shutdown()


@pytest.fixture
def inputs(run_copy: Path, tmp_path: Path) -> list[str]:
    """Arrays with labels, a folder with a bad picture among large ones, and a table."""
    _, test = load_held_out(run_copy)
    np.savez("a.npz", x=test.pictures[:7], y=test.labels[:7])
    Path("some").mkdir()
    for row in range(COUNT):
        large = cv2.resize(test.pictures[row], (2000, 2000), interpolation=cv2.INTER_NEAREST)
        cv2.imwrite(f"some/{row:03}.png", large)
    Path("some", "030bad.png").write_bytes(b"no picture")
    cells = [cv2.imencode(".png", test.pictures[row])[1].tobytes() for row in range(9)]
    parquet.write_table(pa.table({"image": cells}), "t.parquet", row_group_size=4)
    return [str(tmp_path / name) for name in ("a.npz", "some", "t.parquet")]


def embedded(inputs: list[str], out: str, **more: Any) -> tuple[Embedding, dict[str, Any]]:
    done = embed(inputs, Path(out), standard_input=io.BytesIO(), **more)
    with np.load(out) as arrays:
        return done, dict(arrays)


@pytest.mark.slow
def test_no_picture_is_lost_or_doubled_where_a_node_is_killed(
    inputs: list[str], cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray

    monkeypatch.setattr(ray_engine, "BLOCK", 3)
    second = cluster.add_node(num_cpus=1, object_store_memory=100 << 20)
    cluster.wait_for_nodes()
    busy: list[bool] = []

    def progress(step: str, done: int, _: int) -> None:
        if done >= 15 and not busy and step == "Embedding":
            deadline = time.monotonic() + 20
            while ray.available_resources().get("CPU", 0) and time.monotonic() < deadline:
                time.sleep(0.01)
            busy.append(time.monotonic() < deadline)
            cluster.remove_node(second, allow_graceful=False)

    there, arrays = embedded(inputs, "ray.npz", engine="ray", progress=progress)
    here, expected = embedded(inputs, "here.npz")
    assert busy == [True]  # both nodes were at it
    assert sum(node["Alive"] for node in ray.nodes()) == 1
    assert (there.count, there.skipped, there.run) == (here.count, here.skipped, here.run)
    assert there.count == 7 + COUNT + 9 and len(there.skipped) == 1
    assert arrays.keys() == expected.keys()
    assert arrays["keys"].tolist() == expected["keys"].tolist()
    np.testing.assert_allclose(arrays["embeddings"], expected["embeddings"], atol=1e-6)
    assert not list(Path().glob(".siam-parts*"))


@pytest.mark.slow
def test_the_command_says_what_a_node_cannot_read(inputs: list[str], cluster: Any) -> None:
    done = CliRunner().invoke(app, ["embed", "t.parquet", "--engine", "ray", "--out", "e.npz"])
    assert (done.exit_code, done.stdout) == (0, "9 embeddings of 64 numbers in e.npz.\n")
    content = Path("t.parquet").read_bytes()
    Path("t.parquet").write_bytes(content[:8] + b"\xff" * 300 + content[308:])
    with pytest.raises(DataError, match=r"t\.parquet cannot be read as Parquet: .*\n.*column"):
        embed(["t.parquet"], Path("f.npz"), standard_input=io.BytesIO(), engine="ray")
    assert not Path("f.npz").exists()


def test_portions_are_of_a_block_and_in_order() -> None:
    def input_of(name: str, count: int) -> Input:
        return Input([name] * count, lambda block: (name, block))  # type: ignore[arg-type,return-value]

    inputs = [input_of("a", 3), input_of("b", 0), input_of("c", 5)]
    assert portions_of(inputs, range(3)) == [("a", range(3))]
    assert portions_of(inputs, range(2, 5)) == [("a", range(2, 3)), ("c", range(2))]
    assert portions_of(inputs, range(7, 8)) == [("c", range(4, 5))]


def test_an_engine_that_is_none_and_a_shard_are_refused(run_copy: Path) -> None:
    for options in ({"engine": "spark"}, {"engine": "ray", "shard": Shard(1, 2)}):
        with pytest.raises(UsageError, match=r"--engine is local or ray, and local for a --shard"):
            embed(["digits:test"], Path("e.npz"), standard_input=io.BytesIO(), **options)
    done = CliRunner().invoke(app, ["embed", "digits:test", "--engine", "spark"])
    assert (done.exit_code, "received 'spark'" in done.stderr) == (2, True)


def test_a_cluster_that_does_not_answer_is_told_of_at_once(
    run_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ray.is_initialized", lambda: False)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = "{}:{}".format(*nobody.getsockname())
        for named in (address, f"ray://{address}"):
            monkeypatch.setenv("RAY_ADDRESS", named)
            with pytest.raises(UsageError, match=rf"RAY_ADDRESS='{named}'\.\nStart one:  ray sta"):
                embed(["digits:test"], Path("e.npz"), standard_input=io.BytesIO(), engine="ray")


def test_without_ray_the_extra_is_named(run_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"--engine ray needs .*\n.*siam\[ray\]"):
        embed(["digits:test"], Path("e.npz"), standard_input=io.BytesIO(), engine="ray")
