"""Processes that train together: two on loopback stand in for two machines."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from siam.errors import RunError, UsageError
from siam.training.processes import (
    Place,
    await_first,
    join_processes,
    parse_place,
    refuse_port,
)

TRAINING = """
import json, sys, tempfile
from pathlib import Path
import numpy as np
from siam.datasets.dataset import Split
from siam.recipe import Recipe

pictures = np.random.default_rng(0).integers(0, 256, (32, 12, 12, 1)).astype(np.uint8)
split = Split(pictures, np.arange(32) % 2, tuple(map(str, range(32))))
recipe = Recipe(
    dim=8, epochs=2, classes_per_batch=2, pictures_per_class=4, learning_rate=1e-3,
    optimizer="adamw", precision="float32", hard_example_share=0.5,
)
def train():
    from siam.siamese.training import train_network
    from siam.training.distribution import distribute
    with distribute("auto"):
        folder = Path(tempfile.mkdtemp())
        trained = train_network(split, split, recipe=recipe, seed=0, folder=folder)
    np.savez(sys.argv[1], *trained.network.get_weights())
    print(json.dumps(trained.history))
"""
JOINING = """
import os, sys, time
from siam.errors import SiamError
from siam.training.processes import join_processes, leave_processes, parse_place

def joined(wait=60):
    place = parse_place(*sys.argv[2:])
    return join_processes(place, tell=lambda error: print(error, flush=True), wait=wait)

def told(work, wait=60):
    # As the command line does it: an error is printed, and its exit code the process's.
    try:
        with joined(wait) as number:
            work(number)
    except SiamError as error:
        print(error, flush=True)
        sys.exit(error.exit_code)
"""
ALONE = f"{TRAINING}\ntrain()"
TOGETHER = f"{TRAINING}\n{JOINING}\nwith joined():\n    train()\n    leave_processes()"
# One is gone while the other is at something of its own, or waits for it.
LEFT = """
def work(number):
    if number == {gone}:
        time.sleep(1)
        os._exit(9)
    {then}
told(work)
"""


def start(program: str, *words: str) -> subprocess.Popen[str]:
    """Run a program in a process of its own, on JAX."""
    environment = {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",  # which take longer than such a training
    }
    return subprocess.Popen(
        [sys.executable, "-c", program, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def free_address() -> str:
    """Return an address of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def ended(process: subprocess.Popen[str]) -> tuple[int, list[str]]:
    """Return a process's exit code and what it printed, but for what JAX prints by itself."""
    output, _ = process.communicate(timeout=240)
    return process.returncode, [line for line in output.splitlines() if "[Gloo]" not in line]


@pytest.mark.slow
def test_two_processes_learn_what_one_would(tmp_path: Path) -> None:
    """The loss counts the pairs of the whole batch, so that it is that of one process."""
    address, files = free_address(), [str(tmp_path / f"{number}.npz") for number in range(3)]
    programs = [
        start(ALONE, files[0]),
        start(TOGETHER, files[1], address, "1/2"),
        start(TOGETHER, files[2], address, "2/2"),
    ]
    told = [ended(program) for program in programs]
    assert [code for code, _ in told] == [0, 0, 0]
    alone, first, second = (json.loads(lines[-1]) for _, lines in told)
    assert first == second
    for mine, other in zip(alone, first, strict=True):
        assert mine == pytest.approx(other, abs=1e-4)
    weights = [[*np.load(file).values()] for file in files]
    for one, left, right in zip(*weights, strict=True):
        np.testing.assert_array_equal(left, right)
        np.testing.assert_allclose(one, left, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("gone", [0, 1])
@pytest.mark.parametrize("then", ["time.sleep(200)", "leave_processes()"])
def test_who_has_lost_another_ends_with_a_line(gone: int, then: str) -> None:
    address, program = free_address(), JOINING + LEFT.format(gone=gone, then=then)
    programs = [start(program, "", address, place) for place in ("1/2", "2/2")]
    assert ended(programs[gone])[0] == 9
    code, lines = ended(programs[1 - gone])
    assert code == RunError.exit_code
    assert lines == [
        "Another process of the training ended, or cannot be reached.",
        "Start all of them again, with  --resume",
    ]


@pytest.mark.slow
def test_the_first_waits_for_the_others_no_longer_than_it_is_told() -> None:
    address = free_address()
    code, lines = ended(start(f"{JOINING}\ntold(print, wait=4)", "", address, "1/2"))
    assert code == RunError.exit_code
    assert lines == [
        f"Not all 2 processes were at {address} within 4 s.",
        "Start each of 1/2 to 2/2 with the same --hosts.",
    ]


def test_a_first_process_that_is_not_there_is_an_error() -> None:
    host, _, port = free_address().rpartition(":")
    place = Place(host, int(port), number=1, count=2)
    with pytest.raises(RunError, match=rf"cannot be reached at {place.first} within 0.3 s") as told:
        await_first(place, 0.3, lambda *_: None)
    assert told.value.exit_code == 4
    assert "Start it there" in told.value.cure


def test_a_port_in_use_is_refused() -> None:
    with socket.socket() as other:
        other.bind(("", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=f"cannot listen on port {port}") as told:
            refuse_port(port)
    assert told.value.exit_code == 2
    refuse_port(port)


@pytest.mark.parametrize(
    ("first", "which", "error"),
    [
        ("machine", "1/2", "HOST:PORT of the first process, received 'machine'"),
        ("machine:99999", "1/2", "HOST:PORT of the first process, received 'machine:99999'"),
        ("machine:1", "3/2", "two at least, received '3/2'"),
        ("machine:1", "0/2", "two at least, received '0/2'"),
        ("machine:1", "1/1", "two at least, received '1/1'"),
        ("machine:1", "two", "two at least, received 'two'"),
    ],
)
def test_a_place_that_cannot_be_is_refused(first: str, which: str, error: str) -> None:
    with pytest.raises(UsageError, match=error):
        parse_place(first, which)


def test_only_jax_trains_on_several_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    place = Place("machine", 1, number=0, count=2)
    with (
        pytest.raises(UsageError, match="needs the backend jax, received tensorflow") as told,
        join_processes(place, tell=print),
    ):
        pass
    assert (told.value.exit_code, told.value.cure) == (2, "Add  --backend jax")


def test_an_address_may_be_of_the_sixth_version() -> None:
    place = parse_place("[fe80::1]:1234", "2/3")
    assert place == Place("fe80::1", 1234, number=1, count=3)
    assert place.first == "[fe80::1]:1234"
