"""The maps of the runs that are served: read, kept in step with their indexes, computed once."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from siam.engine.answers.answer import Neighbour
from siam.engine.projection.computation import Computation, Failure
from siam.engine.projection.gallery_map import GalleryMap, follow_gallery, place_matches
from siam.engine.projection.map_file import load_map, save_map
from siam.errors import StoreError
from siam.index.matches import Matches
from siam.index.reader import Reader
from siam.index.stores.vector_store import Stamp
from siam.web.map_format import encode_map

__all__ = ["Maps"]

log = logging.getLogger("siam.web")
# Of a gallery on a server, which may be larger than this machine holds.
ELSEWHERE = {
    "message": "The map is made of a run's own index; this one lies on a server.",
    "cure": "Whoever runs siam can serve the run's own:  siam serve --store local",
}


@dataclass
class State:
    """What is known of one run's map.

    Attributes:
        lock: held while it is read or brought up to date.
        known: the map, and the commit that it is of; None while there is none.
        seen: the commit that `known` was last compared with.
        sent: what the API sends of `known`, at that commit.
        read: whether the run's file was looked for.
        computation: under way or over; None before.
        failure: why there is no map.
    """

    lock: threading.RLock = field(default_factory=threading.RLock)
    known: GalleryMap | None = None
    seen: Stamp | None = None
    sent: bytes = b""
    read: bool = False
    computation: Computation | None = None
    failure: Failure | None = None


class Maps:
    """The maps of several indexes, by their folders. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[Path, State] = {}

    def _state(self, gallery: Reader) -> State:
        with self._lock:
            return self._states.setdefault(gallery.folder, State())

    def current(self, gallery: Reader) -> GalleryMap | None:
        """Return the map of an index as it is now; None where it is still to be computed."""
        state = self._state(gallery)
        with state.lock:
            self._read(state, gallery)
            if state.known is None:
                return None
            now = gallery.snapshot().position
            if state.seen != now:
                state.known, state.seen = follow_gallery(state.known, gallery), now
                state.sent = b""
            return state.known

    def content(self, gallery: Reader) -> bytes | None:
        """Return the map of an index as the API sends it; None where it is still to be computed."""
        if gallery.on_server:
            return None
        state = self._state(gallery)
        with state.lock:
            known = self.current(gallery)
            if known is None:
                return None
            # Labels are of the same commit, or of a newer one that is noticed next time.
            if not state.sent:
                state.sent = encode_map(known, gallery.labels_of(known.ids))
            return state.sent

    def _read(self, state: State, gallery: Reader) -> None:
        """Read the run's file, once, and take over what a computation found, which it keeps."""
        if not state.read:
            state.read = True
            try:
                state.known = load_map(gallery.folder)
            except StoreError as error:
                log.warning("%s %s", error.problem, error.cure)
        if state.computation is None or state.computation.outcome is None:
            return
        outcome = state.computation.wait()
        state.computation.close()
        state.computation = None
        if isinstance(outcome, Failure):
            log.warning("%s %s", outcome.problem, outcome.cure)
            state.failure = outcome
            return
        state.known, state.seen = outcome, None
        with contextlib.suppress(OSError):  # a run that is only lent is mapped at each start
            save_map(gallery.folder, outcome)

    def status(self, gallery: Reader) -> dict[str, Any]:
        """Return how far the map is; where there is none, its computation begins.

        Returns:
            "status" ("ready", "computing" or "failed"), "step", "done" and "total" of it, "count"
            of items on the map, and "error" with "code", "message" and "cure" where it failed.
        """
        told = {"step": "", "done": 0, "total": 0, "count": 0, "error": None}
        if gallery.on_server:
            return {"status": "failed", **told, "error": {"code": "store", **ELSEWHERE}}
        known = self.current(gallery)
        if known is not None:
            return {"status": "ready", **told, "count": len(known.ids)}
        state = self._state(gallery)
        with state.lock:
            if state.failure is not None:
                error = {
                    "code": "map",
                    "message": state.failure.problem,
                    "cure": state.failure.cure,
                }
                return {"status": "failed", **told, "error": error}
            if state.computation is None:
                state.computation = Computation(gallery.folder)
            step, done, total = state.computation.step
        return {"status": "computing", **told, "step": step, "done": done, "total": total}

    def position(self, gallery: Reader, neighbours: Sequence[Neighbour]) -> list[float] | None:
        """Return where a picture belongs on the map, [x, y], 0 to 1; None while there is none."""
        if not neighbours or gallery.on_server:
            return None
        state = self._state(gallery)
        if not state.read:
            with state.lock:
                self._read(state, gallery)
        known = state.known  # as it was last shown: no question waits for new items' places
        if known is None or known.encoder != gallery.encoder_hash:
            return None
        ids = np.array([[near.id for near in neighbours]], np.int64)
        distances = np.array([[near.distance for near in neighbours]], np.float32)
        place = place_matches(known, Matches(ids, distances))[0]
        return [round(float(value), 5) for value in place] if np.isfinite(place).all() else None

    def close(self) -> None:
        """End what is being computed."""
        with self._lock:
            for state in self._states.values():
                with state.lock:
                    if state.computation is not None:
                        state.computation.close()
                        state.computation = None
