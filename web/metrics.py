"""What the server has done so far, in the form that Prometheus reads."""

from __future__ import annotations

import logging
import threading
import time
from bisect import bisect_left
from collections import Counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Metrics", "Observer"]

log = logging.getLogger("siam.web.access")
# Seconds: upper ends of the histogram's buckets.
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
UNKNOWN = "other"
# The status of a request whose client went away: it was answered by none.
GONE = 499
METHODS = ("GET", "HEAD", "POST", "PATCH", "DELETE")


class Metrics:
    """Counts of requests by route, and how long they took; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._times: dict[str, list[int]] = {}
        self._seconds: Counter[str] = Counter()
        self._begun = time.time()
        self.under_way = 0

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered.

        Args:
            method: of HTTP.
            route: its template, never a path with names in it.
            status: of the answer.
            seconds: that it took.
        """
        with self._lock:
            self._requests[method, route, status] += 1
            buckets = self._times.setdefault(route, [0] * (len(BOUNDS) + 1))
            buckets[bisect_left(BOUNDS, seconds)] += 1
            self._seconds[route] += seconds  # type: ignore[assignment]  # of floats

    def write(self, gauges: dict[str, tuple[str, str, float]]) -> str:
        """Return all of it as text.

        Args:
            gauges: name -> (type, what it is, value) of what is counted elsewhere.
        """
        lines = [*head("siam_requests_total", "counter", "Requests answered.")]
        with self._lock:
            lines += [
                f'siam_requests_total{{method="{method}",route="{route}",status="{status}"}} {n}'
                for (method, route, status), n in sorted(self._requests.items())
            ]
            name = "siam_request_seconds"
            lines += head(name, "histogram", "Time from a request's head to its answer's end.")
            for route, buckets in sorted(self._times.items()):
                total = 0
                for bound, number in zip((*map(str, BOUNDS), "+Inf"), buckets, strict=True):
                    total += number
                    lines.append(f'{name}_bucket{{route="{route}",le="{bound}"}} {total}')
                lines.append(f'{name}_sum{{route="{route}"}} {self._seconds[route]:.6f}')
                lines.append(f'{name}_count{{route="{route}"}} {total}')
        gauges = {
            "siam_requests_under_way": ("gauge", "Requests being answered.", self.under_way),
            "siam_start_time_seconds": ("gauge", "When the server started.", self._begun),
            **gauges,
        }
        for name, (kind, what, value) in gauges.items():
            lines += [
                *head(name, kind, what),
                f"{name} {value:g}" if value < 1e6 else f"{name} {value:.3f}",
            ]
        return "\n".join(lines) + "\n"


def head(name: str, kind: str, what: str) -> list[str]:
    """Return the lines that introduce a metric."""
    return [f"# HELP {name} {what}", f"# TYPE {name} {kind}"]


class Observer:
    """Counts every request and writes a line of it, without the values that were asked with.

    Args:
        app: answers.
        metrics: where it is counted.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and count."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), GONE

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._metrics.under_way += 1
        try:
            await self._app(scope, receive, noted)
        except Exception:
            status = 500
            raise
        finally:
            self._metrics.under_way -= 1
            seconds = time.perf_counter() - begun
            route = getattr(scope.get("route"), "path", UNKNOWN)
            method = scope["method"] if scope["method"] in METHODS else UNKNOWN
            self._metrics.count(method, route, status, seconds)
            log.info("%s %s %d %.1f ms", method, route, status, 1000 * seconds)
