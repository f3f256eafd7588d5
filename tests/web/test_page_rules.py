"""Rules that the page has of its own are those of the server and of the terminal."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from siam.commands.label import keys_of

pytestmark = pytest.mark.slow

# What the server says at some rates, beside what the page makes of the answer at its own limit.
BOTH = """async (contents) => {
    const { judgeAnswer, judgePair } = await import("/static/judgement.js");
    const { ask, sendPictures } = await import("/static/api.js");
    const [left, right] = contents.map((one, place) => ({
        name: `${place}.png`,
        blob: new Blob([Uint8Array.from(atob(one), (byte) => byte.charCodeAt(0))]),
    }));
    const { run } = await ask("/health");
    const { operating_points: points, threshold } = await ask(`/runs/${run}`);
    const query = async (rates) => {
        return (await sendPictures("/query", [left], { query: rates })).results[0];
    };
    const parts = ["left", "right"];
    const verify = (rates) => sendPictures("/verify", [left, right], { query: rates, parts });
    const [answer, pair] = [await query({}), await verify({})];
    const both = [];
    for (let at = 0; at < points.length; at += 10) {
        const { false_accept_rate, threshold: limit } = points[at];
        const moved = [judgeAnswer(answer, threshold, limit), judgePair(pair, limit)];
        const servers = [await query({ false_accept_rate }), await verify({ false_accept_rate })];
        moved.forEach((one, place) => both.push([one.verdict, servers[place].verdict]));
    }
    return both;
}"""


def test_a_moved_verdict_is_the_servers_or_unsure(
    bundled_served: str, visit: Callable[..., Any], pictures: list[Path]
) -> None:
    page = visit(bundled_served)
    example = Path(__file__).parents[2] / "examples" / "digit.jpg"
    seen = set()
    for left, right in [(example, pictures[0]), (pictures[1], pictures[2])]:
        contents = [base64.b64encode(path.read_bytes()).decode() for path in (left, right)]
        for moved, servers in page.evaluate(BOTH, contents):
            assert moved in (servers, "unsure")
            seen.add(moved)
    assert {"match", "no match", "different"} <= seen


@pytest.mark.parametrize(
    ("labels", "known"),
    [
        (["7", "B", "cat", "dog", "s"], {"1": "dog"}),
        ([str(number) for number in range(10)], {}),
        (["0", "a", "A", "zebra", "n", "u"], {"a": "zebra", "x": "gone"}),
        ([f"class {number:02}" for number in range(60)], {}),
    ],
    ids=["mixed", "digits", "taken", "many"],
)
def test_a_label_has_the_key_that_it_has_in_the_terminal(
    bundled_served: str, visit: Callable[..., Any], labels: list[str], known: dict[str, str]
) -> None:
    page = visit(bundled_served)
    keys = page.evaluate(
        """async ([labels, known]) => {
            const { keysOf } = await import("/static/label_keys.js");
            return Object.fromEntries(keysOf(labels, new Map(Object.entries(known))));
        }""",
        [labels, known],
    )
    assert keys == keys_of(labels, known)
