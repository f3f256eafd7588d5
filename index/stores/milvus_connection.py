"""Calls to a Milvus server: repeated where it is away for a while, and its refusals in one line."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator, Sequence
from typing import Any

from siam.errors import AwayError, MissingExtraError, SiamError, StoreError
from siam.index.stores.milvus_address import TOKEN, Address

__all__ = ["WAIT", "MilvusConnection", "MissingCollection"]

CONNECT = 10.0  # seconds that a server may take to answer at first
WAIT = 60.0  # seconds that a call may take, and that a server may be away
# A server that was away for long is found again within seconds, not after two minutes.
RECONNECT = {"grpc.initial_reconnect_backoff_ms": 200, "grpc.max_reconnect_backoff_ms": 2000}
# Words of refusals, of Milvus and of the managed ones before it, and what they mean.
NO_TOKEN = ("unauthenticated", "auth check failure", "permission", "not authorized", "api key")
FULL = ("quota", "rate limit", "ratelimit", "resource_exhausted", "memory limit", "disk full")
GONE = ("collection not found", "does not exist", "can't find collection")


class MissingCollection(StoreError):
    """A collection is not there, or not any more."""


class MilvusConnection:
    """A connection to a Milvus server; safe to share between threads.

    Args:
        address: where it is.
        patience: seconds that a server which answered before may be away.

    Raises:
        MissingExtraError: pymilvus is not installed.
        StoreError: it cannot be reached, or refuses the token.
    """

    def __init__(self, address: Address, patience: float = WAIT) -> None:
        try:
            import pymilvus
        except ImportError:
            raise MissingExtraError("A store on a Milvus server", "milvus") from None
        # It would print every refusal with a traceback, before it is told in one line here.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL + 1)
        self.address, self._patience = address, patience
        with self._translated():
            self._client = pymilvus.MilvusClient(
                uri=address.uri,
                token=address.token,
                timeout=CONNECT,
                dedicated=True,
                grpc_options=RECONNECT,
            )

    def call(self, method: str, *args: Any, timeout: float = 0.0, **options: Any) -> Any:
        """Call a method of `pymilvus.MilvusClient` that may be called twice with the same effect.

        While the server is away it is called again and again, for as long as there is patience.

        Args:
            method: its name.
            args, options: what it takes.
            timeout: seconds that one call may take; a minute when left out.

        Raises:
            MissingCollection: it names a collection that is not there.
            StoreError: any other refusal.
        """
        patience = _Patience(self._patience)
        while True:
            try:
                with self._translated():
                    return getattr(self._client, method)(*args, timeout=timeout or WAIT, **options)
            except AwayError as error:
                patience.wait(error)
                self._load(error, *args[:1])

    def insert(self, collection: str, rows: Sequence[dict[str, Any]]) -> None:
        """Add rows that are not there yet.

        Where the connection ends before the answer comes nobody knows whether they are there, so
        that they are sent again as an upsert, which may be.
        """
        try:
            self._client.insert(collection, list(rows), retry_times=0)
        except Exception:
            self.call("upsert", collection, list(rows))

    def rows(
        self,
        collection: str,
        fields: Sequence[str],
        *,
        batch: int,
        expression: str = "",
        after: int = 0,
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield the rows that pass an expression, by rising id from `after` on, `batch` at a time.

        Pages are asked for by the id that they begin after, so that a server that is started again
        in between loses none.
        """
        last, patience = after, _Patience(self._patience)
        while True:
            beyond = f"id > {last}"
            wanted = f"({expression}) and {beyond}" if expression else beyond
            try:
                with self._translated():
                    pages = self._client.query_iterator(
                        collection,
                        batch_size=batch,
                        filter=wanted,
                        output_fields=list(fields),
                        consistency_level="Strong",
                        timeout=WAIT,
                    )
                while True:
                    with self._translated():
                        page = list(pages.next())
                    if not page:
                        pages.close()
                        return
                    yield page
                    last, patience = page[-1]["id"], _Patience(self._patience)
            except AwayError as error:
                patience.wait(error)
                self._load(error, collection)

    def _load(self, error: AwayError, collection: str = "") -> None:
        """Let a collection be searched again that a server has let go of when it was started."""
        if isinstance(error, _Released) and collection:
            with contextlib.suppress(Exception):  # what is wrong then, the next attempt says
                self._client.load_collection(collection, timeout=WAIT)

    def close(self) -> None:
        """Close it."""
        with contextlib.suppress(Exception):
            self._client.close()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (SiamError, GeneratorExit):
            raise
        except Exception as error:
            raise self._explain(error) from error

    def _explain(self, error: Exception) -> StoreError:
        """Return a refusal in one line, with what mends it."""
        # Of a refusal to connect at all, what is behind it says more.
        details = getattr(error.__cause__, "details", None)
        said = details() if callable(details) else getattr(error, "message", "") or error
        words = " ".join(str(said).split())
        behind = f"{getattr(error, 'code', '')} {error.__cause__}"
        place, known = self.address, f"{words} {behind}".lower()
        if any(word in known for word in NO_TOKEN):
            given = "the token that was given" if place.token else "a client without a token"
            return StoreError(
                f"The store {place} refuses {given}.",
                f"Put its token, or user:password, into the variable {TOKEN}.",
            )
        if any(word in known for word in FULL):
            return StoreError(
                f"The store {place} takes no more for now: {words[:200]}.",
                "Raise its quota, or run this again later: it goes on from where it was.",
            )
        if any(word in known for word in GONE):
            return MissingCollection(
                f"There is no gallery in {place}.", "Copy a run's there:  siam index push --store"
            )
        if any(word in known for word in ("not loaded", "released")):
            return _Released(f"The store {place} has not loaded its collection.", "See its log.")
        if any(
            word in known for word in ("unavailable", "connect", "deadline", "timeout", "_multi")
        ):
            return AwayError(
                f"The store {place} cannot be reached.",
                "Start the server, or mend the address; what it took before is kept.",
            )
        return StoreError(f"The store {place} refuses: {words[:300]}.", "See the server's log.")


class _Released(AwayError):
    """The server is there, and has not loaded the collection."""


class _Patience:
    """The time that a server may still be away."""

    def __init__(self, seconds: float) -> None:
        self._until, self._pause = time.monotonic() + seconds, 0.1

    def wait(self, error: AwayError) -> None:
        """Wait a little before the next attempt; where there was time enough, give up."""
        if time.monotonic() >= self._until:
            raise error
        time.sleep(self._pause)
        self._pause = min(2 * self._pause, 2.0)
