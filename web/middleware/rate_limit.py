"""How often one client may ask: a token bucket for each address."""

from __future__ import annotations

import math
from collections import OrderedDict

__all__ = ["RateLimit"]

# Requests that may come at once, in seconds of the rate.
BURST = 2.0
# Addresses that are remembered; the one that asked longest ago is forgotten first.
MOST = 10_000


class RateLimit:
    """A bucket of requests for each client, filled at a steady rate.

    Args:
        rate: requests a second; 0 for any number.

    Example:
        >>> limit = RateLimit(1.0)
        >>> [limit.wait("::1", now) for now in (0.0, 0.0, 0.0, 5.0)]
        [0, 0, 1, 0]
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._most = max(1.0, BURST * rate)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str, now: float) -> int:
        """Count a request; return 0, or the seconds to wait where it comes too soon.

        Args:
            client: its address; those of one IPv6 network are one client.
            now: a monotonic time in seconds.
        """
        if not self._rate:
            return 0
        client = ":".join(client.split(":")[:4])
        left, then = self._buckets.pop(client, (self._most, now))
        left = min(self._most, left + (now - then) * self._rate)
        self._buckets[client] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > MOST:
            self._buckets.popitem(last=False)
        return 0 if left >= 1 else max(1, math.ceil((1 - left) / self._rate))
