"""Many threads search one gallery while a writer adds, removes and builds."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from siam.index.gallery import Gallery
from siam.index.verify import verify


def test_fifty_threads_search_while_one_adds(tmp_path: Path, clustered: Any) -> None:
    fixed = clustered(100)
    stop = threading.Event()
    with Gallery.create(tmp_path, dim=16, encoder_hash="") as gallery:
        gallery.add(fixed, keys=[f"fixed{i}" for i in range(100)], labels=["fixed"] * 100)

        def search(number: int) -> int:
            done = 0
            row = number % 100
            while not stop.is_set() or done < 3:
                found = gallery.search(fixed[row : row + 1], 3)
                # The fixed item is always there, and each search sees whole commits only.
                assert row + 1 in found.ids[0]
                assert found.distances[0, 0] == 0.0
                assert len(gallery.items(found.ids[0][:1])) == 1
                only = gallery.search(fixed[row : row + 1], 5, where="label=fixed")
                assert set(gallery.labels_of(only.ids[0])) == {"fixed"}
                done += 1
            return done

        with ThreadPoolExecutor(50) as pool:
            searching = [pool.submit(search, number) for number in range(50)]
            try:
                for batch in range(12):
                    keys = [f"new{batch}/{i}" for i in range(20)]
                    ids = gallery.add(clustered(20, seed=batch + 1), keys=keys, labels=["new"] * 20)
                    if batch % 3 == 0:
                        gallery.remove(ids[:5])
                    if batch % 4 == 0:
                        gallery.build()
            finally:
                stop.set()
            assert all(task.result() >= 3 for task in searching)
        assert len(gallery) == 100 + 12 * 20 - 4 * 5
        assert verify(gallery).clean


def test_each_commit_is_seen_whole(tmp_path: Path, clustered: Any) -> None:
    """Items come in twins, in one transaction: no search may find one without the other."""
    with Gallery.create(tmp_path, dim=16, encoder_hash="") as gallery:
        stop = threading.Event()
        odd: list[int] = []

        def watch() -> None:
            query = clustered(1, seed=9)
            while not stop.is_set():
                found = gallery.search(query, 400)
                if found.counts[0] % 2:
                    odd.append(int(found.counts[0]))

        watcher = threading.Thread(target=watch)
        watcher.start()
        for number in range(60):
            twin = clustered(1, seed=number)
            gallery.add(np.concatenate([twin, twin]), keys=[f"{number}a", f"{number}b"])
        stop.set()
        watcher.join()
        assert odd == []
        assert len(gallery) == 120
