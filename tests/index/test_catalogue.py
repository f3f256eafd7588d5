"""The catalogue under fire: damaged logs, two writers, full disks, read-only folders."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siam.errors import BusyError, StoreError
from siam.index.catalogue import FILE
from siam.index.gallery import Gallery
from siam.index.verify import verify


def left_open(folder: Path, clustered: Any) -> Path:
    """Copy an index as a killed writer leaves it: 50 items in the file, 50 more in its log."""
    with Gallery.create(folder / "live", dim=16, encoder_hash="") as gallery:
        gallery.add(clustered(50), keys=[f"a{i}" for i in range(50)])
        gallery.close()
        gallery = Gallery.open(folder / "live")
        gallery.add(clustered(50, seed=1), keys=[f"b{i}" for i in range(50)])
        copy = folder / "killed"
        shutil.copytree(folder / "live", copy, ignore=shutil.ignore_patterns("*-shm"))
        assert (copy / f"{FILE}-wal").stat().st_size > 0
        gallery.close()
    return copy


def test_a_log_is_taken_up(tmp_path: Path, clustered: Any) -> None:
    with Gallery.open(left_open(tmp_path, clustered)) as gallery:
        assert len(gallery) == 100
        assert gallery.notices == ()
        assert verify(gallery).clean


@pytest.mark.parametrize("damage", ["zeroed", "deleted", "cut", "emptied"])
@pytest.mark.parametrize("read_only", [True, False])
def test_a_damaged_log_leaves_the_last_state_that_is_whole(
    tmp_path: Path, clustered: Any, damage: str, read_only: bool
) -> None:
    copy = left_open(tmp_path, clustered)
    log = copy / f"{FILE}-wal"
    if damage == "zeroed":
        log.write_bytes(bytes(log.stat().st_size))
    elif damage == "deleted":
        log.unlink()
    else:
        os.truncate(log, log.stat().st_size // 3 if damage == "cut" else 0)
    with Gallery.open(copy, read_only=read_only) as gallery:
        assert [notice.split(";")[0] for notice in gallery.notices] == (
            ["catalogue.sqlite-wal is damaged"] if damage == "zeroed" else []
        )
        assert len(gallery) == 50
        assert gallery.search(clustered(50), 1).distances[:, 0].tolist() == [0.0] * 50
        assert verify(gallery).clean
        if not read_only:
            assert gallery.add(clustered(1, seed=3), keys=["next"]).tolist() == [51]


@pytest.mark.parametrize("read_only", [True, False])
def test_another_indexes_log_is_set_aside(tmp_path: Path, clustered: Any, read_only: bool) -> None:
    copy = left_open(tmp_path, clustered)
    foreign = left_open(tmp_path / "other", clustered)
    shutil.copyfile(foreign / f"{FILE}-wal", copy / f"{FILE}-wal")
    with Gallery.open(copy, read_only=read_only) as gallery:
        assert len(gallery) == 50
        assert "is not this index's log" in gallery.notices[0]
        assert verify(gallery, repair=not read_only).clean
    if not read_only:
        with Gallery.open(copy) as gallery:
            assert len(gallery) == 50
            assert gallery.notices == ()


def test_an_old_log_of_the_same_index_is_set_aside(tmp_path: Path, clustered: Any) -> None:
    copy = left_open(tmp_path, clustered)
    old = (copy / f"{FILE}-wal").read_bytes()
    with Gallery.open(copy) as gallery:
        gallery.remove(np.arange(1, 40))
        gallery.add(clustered(5, seed=6), keys=list("vwxyz"))
    (copy / f"{FILE}-wal").write_bytes(old)
    with Gallery.open(copy) as gallery:
        assert len(gallery) == 66
        assert verify(gallery).clean


@pytest.mark.parametrize("content", [b"", b"not a database" * 100, bytes(8192)])
def test_a_file_that_is_no_catalogue(gallery: Gallery, content: bytes) -> None:
    gallery.close()
    (gallery.folder / FILE).write_bytes(content)
    with pytest.raises(StoreError) as caught:
        Gallery.open(gallery.folder)
    assert "cannot be read" in caught.value.problem
    assert "siam index sync" in caught.value.cure


def test_a_damaged_page_is_found(gallery: Gallery) -> None:
    gallery.close()
    path = gallery.folder / FILE
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = os.urandom(4096)
    path.write_bytes(content)
    with (
        pytest.raises(StoreError, match="damaged|cannot be read"),
        Gallery.open(gallery.folder) as again,
    ):
        verify(again)


def test_a_second_writer_is_told_in_one_line(gallery: Gallery, vectors: np.ndarray) -> None:
    blocker = sqlite3.connect(gallery.folder / FILE, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with Gallery.open(gallery.folder, wait=0.1) as second:
        with pytest.raises(BusyError) as caught:
            second.add(vectors[:1], keys=["second"])
        assert "Another process is writing" in caught.value.problem
        assert caught.value.exit_code == 4
        assert second.search(vectors[:1], 1).ids[0, 0] == 1  # readers go on
        blocker.execute("COMMIT")
        second.add(vectors[:1], keys=["second"])
    blocker.close()


WRITER = """
import sys
import numpy as np
from pathlib import Path
from siam.index.gallery import Gallery

folder, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
vectors = np.random.default_rng(0).standard_normal((20, 16))
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
with Gallery.open(folder) as gallery:
    for batch in range(count):
        gallery.add(vectors, keys=[f"{name}/{batch}/{i}" for i in range(20)], labels=[name] * 20)
"""


def test_two_writers_take_turns(gallery: Gallery) -> None:
    before = len(gallery)
    command = [sys.executable, "-c", WRITER, str(gallery.folder)]
    writers = [subprocess.Popen([*command, name, "15"]) for name in ("left", "right")]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    assert len(gallery) == before + 600
    assert len(gallery.select("label=left")) == len(gallery.select("label=right")) == 300
    assert verify(gallery).clean


def test_a_full_disk_keeps_what_was_committed(gallery: Gallery, clustered: Any) -> None:
    """A limit on file size stands for a full disk: the write fails in the middle."""
    gallery.build()
    gallery.close()
    size = (gallery.folder / FILE).stat().st_size
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20_000, size + 20_000))
        code = 1
        try:
            again = Gallery.open(gallery.folder)
            again.add(clustered(5_000, seed=3), keys=[f"n{i}" for i in range(5_000)])
        except StoreError as error:
            code = 0 if "disk" in error.problem and error.cure else 2
            again.close()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with Gallery.open(gallery.folder) as again:
        assert len(again) == 600
        assert verify(again).clean
    assert not list(gallery.folder.glob(".building*"))


# 10 kB end within the exact vectors, 60 kB within the graph, which FAISS writes by itself.
@pytest.mark.parametrize("room", [10_000, 60_000])
def test_a_full_disk_while_building_leaves_the_old_accelerator(
    gallery: Gallery, clustered: Any, room: int
) -> None:
    gallery.configure(kind="hnsw")
    gallery.build()
    gallery.add(clustered(300, seed=3), keys=[f"n{i}" for i in range(300)])
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        code = 1
        try:
            gallery.build()
        except StoreError as error:
            code = 0 if "disk" in error.problem and "is kept" in error.cure else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with Gallery.open(gallery.folder, read_only=True) as reader:
        assert reader.snapshot().store.count() == 600
        assert reader.search(clustered(1, seed=3), 1).distances[0, 0] == 0.0


READER = """
import os, sys
import mmap  # what cannot be read any more after setuid is imported before
import faiss
import numpy as np
from siam.errors import StoreError
from siam.index import filters, gallery
from siam.index.gallery import Gallery

os.setuid(65534)
vector = np.eye(16)[:1]
for read_only in (True, False):
    with Gallery.open(sys.argv[1], read_only=read_only) as gallery:
        assert len(gallery) == int(sys.argv[2]), len(gallery)
        assert gallery.search(vector, 3).counts[0] == 3
        assert gallery.search(vector, 3, where="label=3").counts[0] == 3
        try:
            gallery.add(vector, keys=["x"])
        except StoreError as error:
            assert error.cure, error
        else:
            raise AssertionError("a read-only folder was written")
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without rights")
@pytest.mark.parametrize("closed", [True, False])
def test_a_read_only_folder_answers(gallery: Gallery, tmp_path: Path, closed: bool) -> None:
    import tempfile

    gallery.build()
    gallery.add(np.eye(16)[1:2], keys=["late"])
    # Somebody else must be able to walk to it, which pytest's own folders forbid.
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        copy = Path(place) / "index"
        if closed:
            gallery.close()
        shutil.copytree(gallery.folder, copy, ignore=shutil.ignore_patterns("*-shm"))
        for path in [*copy.rglob("*"), copy]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        finished = subprocess.run(
            [sys.executable, "-c", READER, str(copy), "601"], capture_output=True, text=True
        )
    assert finished.returncode == 0, finished.stderr
