"""FAISS is held to one thread where several OpenMP runtimes crash each other: on macOS."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

LOAD = """
import os, sys, threading, types
import siam.faiss_library
siam.faiss_library.sys = types.SimpleNamespace(platform=sys.argv[1], modules=sys.modules)
threads = []
def count():
    threads.append(siam.faiss_library.load_faiss().omp_get_max_threads())
count()
beside = threading.Thread(target=count)
beside.start(), beside.join()
print(*threads, os.environ.get("OMP_NUM_THREADS"), os.environ.get("KMP_DUPLICATE_LIB_OK"))
print(os.environ["OMP_WAIT_POLICY"])
"""


@pytest.mark.parametrize(
    ("system", "given", "expected"),
    [
        ("darwin", None, "1 1 None TRUE"),
        ("darwin", "3", "3 3 3 TRUE"),
        ("linux", "3", "3 3 3 None"),
    ],
)
def test_faiss_has_one_thread_on_macos_alone(system: str, given: str | None, expected: str) -> None:
    names = {"OMP_NUM_THREADS", "KMP_DUPLICATE_LIB_OK", "OMP_WAIT_POLICY"}
    environment = {name: value for name, value in os.environ.items() if name not in names}
    if given:
        environment["OMP_NUM_THREADS"] = given
    done = subprocess.run(
        [sys.executable, "-c", LOAD, system],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [expected, "PASSIVE"]
