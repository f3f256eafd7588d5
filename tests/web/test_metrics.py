"""What Prometheus reads: totals, times in buckets, and no value that a client sent."""

from __future__ import annotations

import re
from typing import Any

from siam.web.metrics import BOUNDS, Metrics


def test_times_fall_into_their_buckets() -> None:
    metrics = Metrics()
    for seconds in (0.0005, 0.001, 0.02, 60.0):
        metrics.count("GET", "/items", 200, seconds)
    metrics.count("GET", "/items", 404, 0.02)
    text = metrics.write({})
    assert 'siam_requests_total{method="GET",route="/items",status="200"} 4' in text
    assert 'siam_requests_total{method="GET",route="/items",status="404"} 1' in text
    buckets = [int(n) for n in re.findall(r"siam_request_seconds_bucket\{.*?\} (\d+)", text)]
    # A bound is of its bucket, and each bucket counts all before it.
    assert buckets == [2, 2, 2, 2] + [4] * (len(BOUNDS) - 4) + [5]
    assert 'siam_request_seconds_count{route="/items"} 5' in text
    assert 'siam_request_seconds_sum{route="/items"} 60.041500' in text


def test_what_is_told_is_of_the_form_and_of_no_client(start: Any, digit: bytes) -> None:
    client = start()
    client.get("/api/v1/items?label=secret")
    client.get("/secret")
    client.request("SECRET", "/api/v1/items")
    client.post("/api/v1/query", content=digit, headers={"content-type": "image/png"})
    answer = client.get("/api/v1/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "secret" not in answer.text.lower()
    name = r"[a-z_]+(\{([a-z]+=\"[^\"\\]*\",?)+\})?"
    for line in answer.text.splitlines():
        assert re.fullmatch(rf"# (HELP|TYPE) \S+ .+|{name} [-+\d.e]+", line), line
    assert re.search(r"^siam_batched_pictures_total [1-9]", answer.text, re.M)
    assert re.search(r"^siam_requests_under_way 1$", answer.text, re.M)
