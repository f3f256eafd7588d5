"""Digits as people make them, right or wrong by kind: resized, inverted as well, and prepared.

Also what preparing costs at several sizes.

    python benchmarks/outside_pictures.py [--run NAME-OR-PATH] [--count 30] [--seed 0] [--json]
        [--corruptions 1000] [--write FOLDER]

Half of each kind are MNIST test digits traced and written again, half come from the stroke model
of tests/rendering. Test digits whose traced lines do not cover them are passed over, so that a
mistake is not the tracing's. All ways see the same files and ask the same run. "Confidently wrong"
is a wrong label with the verdict "match". `--corruptions N` adds N test digits in the 15 ways of
MNIST-C.
`--write` keeps the files, one folder per digit, for `siam query` and for looking at.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from siam.datasets.mnist import load_mnist
from siam.engine.open_run import OpenRun, open_run
from siam.engine.query import QueryOptions, answer_batch
from siam.engine.reading import PreparedPicture
from siam.pictures.framing import frame
from siam.pictures.preparation import Preparation, Prepared, prepare_picture
from siam.pictures.reading import read_picture

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from rendering.corruptions import CORRUPTIONS  # noqa: E402
from rendering.kinds import KINDS  # noqa: E402
from rendering.strokes import drawn, traced, written  # noqa: E402

DIGIT, PLAIN = Preparation("digit", (28, 28), 1), Preparation("none", (28, 28), 1)
SIDES = (28, 100, 300, 1000, 2000, 3500)  # pixels: what preparing costs at each
FAITHFUL = 0.93  # of a traced digit's ink, at least, lies where the digit's was
COSTLY = {"photo_large": 6}  # pictures of a kind that take seconds to draw


def resized(image: Image.Image) -> Prepared:
    """What a demonstration does that was never shown a photo."""
    return prepare_picture(image, PLAIN)


def inverted(image: Image.Image) -> Prepared:
    """The same, with a light border taken for paper."""
    pixels = prepare_picture(image, PLAIN).pixels[:, :, 0]
    ring = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return prepare_picture(image, PLAIN, invert=bool(np.median(ring) > 127))


def prepared(image: Image.Image) -> Prepared:
    """What `siam query` does."""
    return prepare_picture(image, DIGIT)


WAYS: dict[str, Callable[[Image.Image], Prepared]] = {
    "resized": resized,
    "inverted": inverted,
    "prepared": prepared,  # the last: its verdicts are the row's
}


def main() -> None:
    """Draw the pictures, ask the run, print a table."""
    parser = argparse.ArgumentParser(description="Accuracy on pictures from outside.")
    parser.add_argument("--run", help="a run's name or path; the newest when left out")
    parser.add_argument("--count", type=int, default=30, help="pictures of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--corruptions", type=int, default=0, metavar="N")
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, no table")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)  # the times are one core's
    test = load_mnist().test
    with open_run(chosen.run) as run:
        rows = [
            judged(run, kind, list(files(kind, chosen.count, chosen.seed, test)), chosen.write)
            for kind in KINDS
        ]
        costs = {side: milliseconds_at(side, test) for side in SIDES}
        corrupted = corruptions(run, test.pictures[:, :, :, 0], test.labels, chosen.corruptions)
    if chosen.json:
        found = {"schema": 1, "kinds": rows, "milliseconds": costs, "corruptions": corrupted}
        print(json.dumps(found, indent=2))
        return
    print(f"{'kind':24}{''.join(f'{way:>9}' for way in WAYS)}  confidently wrong")
    for row in rows:
        figures = "".join(f"{row[way]:9.1%}" for way in WAYS)
        print(f"{row['kind']:24}{figures}  {row['confidently_wrong']:.1%}")
    total = {name: weighted(rows, name) for name in (*WAYS, "confidently_wrong")}
    print(f"{'all':24}{''.join(f'{total[way]:9.1%}' for way in WAYS)}", end="")
    print(f"  {total['confidently_wrong']:.1%}")
    print("preparing one decoded picture, processor time on one core, median of photo_pen:")
    for side, cost in costs.items():
        print(f"  {side:,} x {side:,} pixels {cost:6.1f} ms")
    for name, (raw, mended) in corrupted.items():
        print(f"MNIST-C {name:16}{raw:9.1%} as it is{mended:9.1%} prepared")
    if corrupted:
        means = np.mean(list(corrupted.values()), axis=0)
        print(f"MNIST-C {'mean':16}{means[0]:9.1%} as it is{means[1]:9.1%} prepared")


def files(kind: str, count: int, seed: int, test: Any) -> Iterator[tuple[int, bytes]]:
    """Yield `count` (digit, file content) of a kind."""
    place = list(KINDS).index(kind)
    order = np.random.default_rng(seed).permutation(len(test.labels))
    for k in range(min(count, COSTLY.get(kind, count))):
        rng = np.random.default_rng([seed, place, k])
        if k % 2:
            digit = k // 2 % 10
            glyph = written(digit, rng)
        else:
            digit, glyph = retraced(test, order, place * count + k)
        yield digit, KINDS[kind](glyph, rng)


def retraced(test: Any, order: np.ndarray, start: int) -> tuple[int, list[np.ndarray]]:
    """Return the next test digit and its middle lines that, drawn again, cover the same pixels."""
    for at in np.roll(order, -start):
        pixels = test.pictures[at, :, :, 0]
        glyph = traced(pixels)
        again = frame((drawn(glyph, 160, 22.0) > 0.5).astype(np.uint8), (28, 28))
        if overlap(again, pixels) > FAITHFUL:
            return int(test.labels[at]), glyph
    raise ValueError("No test digit can be traced.")


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Return the part of the ink that lies on the other's or beside it, the worse way, 0 to 1."""
    masks = [(pixels > 64).astype(np.uint8) for pixels in (one, other)]
    grown = [cv2.dilate(mask, np.ones((3, 3), np.uint8)) for mask in masks]
    return min(float((masks[a] & grown[1 - a]).sum() / max(masks[a].sum(), 1)) for a in (0, 1))


def judged(
    run: OpenRun, kind: str, made: list[tuple[int, bytes]], folder: Path | None
) -> dict[str, Any]:
    """Return the share of right labels for each way, and the prepared ones' sure mistakes."""
    digits = [digit for digit, _ in made]
    images = [read_picture(content, enough=DIGIT.enough) for _, content in made]
    row: dict[str, Any] = {"kind": kind, "count": len(made)}
    for way, prepare in WAYS.items():
        inputs = [prepare(image) for image in images]
        row[way], row["confidently_wrong"] = asked(run, inputs, digits)
    if folder is not None:
        for k, (digit, content) in enumerate(made):
            path = folder / str(digit) / f"{kind}-{k:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return row


def asked(run: OpenRun, inputs: list[Prepared], digits: list[int]) -> tuple[float, float]:
    """Return the shares of right labels and of wrong ones called a match."""
    reads = [PreparedPicture(str(k), one) for k, one in enumerate(inputs)]
    answers = list(answer_batch(run, reads, QueryOptions()))
    right = [answer.label == str(digit) for answer, digit in zip(answers, digits, strict=True)]
    sure = [answer.verdict == "match" for answer in answers]
    wrong = [s and not r for s, r in zip(sure, right, strict=True)]
    return float(np.mean(right)), float(np.mean(wrong))


def corruptions(
    run: OpenRun, pictures: np.ndarray, labels: np.ndarray, count: int
) -> dict[str, tuple[float, float]]:
    """Return for each corruption the share of right labels as it is and prepared."""
    found = {}
    for name, corrupt in CORRUPTIONS.items() if count else ():
        rng = np.random.default_rng(0)
        made = [corrupt(picture, rng) for picture in pictures[:count]]
        digits = [int(label) for label in labels[:count]]
        raw = [Prepared(one[:, :, None], (), {}, ()) for one in made]
        mended = [prepared(Image.fromarray(one)) for one in made]
        found[name] = (asked(run, raw, digits)[0], asked(run, mended, digits)[0])
    return found


def milliseconds_at(side: int, test: Any, count: int = 24) -> float:
    """Return the median processor time that preparing a photo of `side` x `side` pixels takes."""
    times = []
    for _, content in files("photo_pen", count, 0, test):
        image = read_picture(content).convert("RGB").resize((side, side))
        start = time.process_time()
        prepared(image)
        times.append(time.process_time() - start)
    return statistics.median(times) * 1000


def weighted(rows: list[dict[str, Any]], name: str) -> float:
    """Return the mean over all pictures."""
    return float(np.average([row[name] for row in rows], weights=[row["count"] for row in rows]))


if __name__ == "__main__":
    main()
