"""Copies planted among MNIST's 10,000 test pictures: siam's search beside perceptual hashes.

    python benchmarks/near_duplicates.py [--count 10000] [--planted 600] [--json]

Some pictures get a copy: re-encoded, resized, cropped by a pixel (3.6 %) on two sides, brighter or
darker, with one pixel inverted, or moved by a pixel. Found: planted pairs that are named; false:
share of the pictures that are in another pair. The hashes are those of the library imagehash, where
it is installed, else the difference hash and the DCT hash, written anew here.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import time
from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from siam.array_types import Booleans, Integers
from siam.datasets.load import load_dataset
from siam.engine.audit.near_duplicates import find_near_copies
from siam.engine.audit.registration import grey_frame

KINDS = ("re-encoded", "resized", "cropped", "brightness", "one pixel", "moved")
DISTANCES = (0, 2, 4, 6, 8, 10)
Pair = tuple[int, int]
Hash = Callable[[Image.Image], Booleans]


def copy_of(image: Image.Image, kind: str, random: np.random.Generator) -> Image.Image:
    """Return a picture as somebody may have saved it again."""
    pixels = np.array(image)
    if kind == "re-encoded":
        file = io.BytesIO()
        image.save(file, "JPEG", quality=int(random.choice([60, 75, 90])))
        return Image.open(file).convert("L")
    if kind == "resized":
        side = int(random.choice([20, 42, 56]))
        return image.resize((side, side), Image.Resampling.BICUBIC)
    if kind == "cropped":
        left, top = (int(edge) for edge in random.integers(0, 2, 2))
        return image.crop((left, top, left + 27, top + 27))
    if kind == "brightness":
        return ImageEnhance.Brightness(image).enhance(float(random.choice([0.7, 0.85, 1.2, 1.4])))
    if kind == "one pixel":
        row, column = random.integers(4, 24, 2)
        pixels[row, column] = 255 - pixels[row, column]
        return Image.fromarray(pixels)
    step, axis = int(random.choice([-1, 1])), int(random.integers(0, 2))
    return Image.fromarray(np.roll(pixels, step, axis=axis))


def hashes() -> dict[str, Hash]:
    """Return perceptual hashes of 64 bits by name."""
    try:
        import imagehash
    except ImportError:
        return {"DCT hash": dct_hash, "difference hash": difference_hash}
    makers = (imagehash.phash, imagehash.dhash, imagehash.average_hash)
    return {make.__name__: lambda image, make=make: make(image).hash.ravel() for make in makers}


def dct_hash(image: Image.Image) -> Booleans:
    """Return which low frequencies are above their median (as imagehash.phash)."""
    import cv2

    small = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.LANCZOS), np.float32)
    low = cv2.dct(small)[:8, :8]
    return np.asarray(low > np.median(low)).ravel()


def difference_hash(image: Image.Image) -> Booleans:
    """Return which pixels are lighter than the one to their left (as imagehash.dhash)."""
    small = np.asarray(image.convert("L").resize((9, 8), Image.Resampling.LANCZOS), np.int64)
    return np.asarray(small[:, 1:] > small[:, :-1]).ravel()


def nearest_others(codes: Integers, planted: Collection[Pair]) -> Integers:
    """Return how many bits each hash is from that of the nearest picture that it is no copy of."""
    nearest = np.empty(len(codes), np.int64)
    partner = {row: other for pair in planted for row, other in (pair, pair[::-1])}
    for start in range(0, len(codes), 512):
        bits = np.bitwise_count(codes[start : start + 512, None] ^ codes[None])
        for row in range(len(bits)):
            own = start + row
            bits[row, [own, partner.get(own, own)]] = 64
        nearest[start : start + 512] = bits.min(axis=1)
    return nearest


def main() -> None:
    """Plant, search, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--planted", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    test = load_dataset("mnist", data_dir=Path(os.environ["SIAM_DATA_DIR"])).test
    images = [Image.fromarray(one[:, :, 0]) for one in test.pictures[: options.count]]
    count, random = len(images), np.random.default_rng(options.seed)
    originals = random.choice(count, options.planted, replace=False)
    kinds = [KINDS[n % len(KINDS)] for n in range(options.planted)]
    images += [
        copy_of(images[row], kind, random) for row, kind in zip(originals, kinds, strict=True)
    ]
    planted = [(int(row), count + n) for n, row in enumerate(originals)]

    def figures(found: Booleans, false: float, seconds: float) -> dict[str, float]:
        each = {kind: float(found[[one == kind for one in kinds]].mean()) for kind in KINDS}
        return {"found": float(found.mean()), "false": false, "seconds": seconds, **each}

    started = time.perf_counter()
    copies = find_near_copies(np.stack([grey_frame(np.asarray(image)) for image in images]))
    seconds = time.perf_counter() - started
    pairs = set(zip(copies.left.tolist(), copies.right.tolist(), strict=True))
    wrong = {row for pair in pairs - set(planted) for row in pair if row < count}
    found = np.array([pair in pairs for pair in planted])
    results = {"siam": figures(found, len(wrong) / count, seconds)}
    for name, make in hashes().items():
        started = time.perf_counter()
        bits = np.stack([make(image) for image in images])
        codes = np.packbits(bits, axis=1).view(np.uint64).ravel()
        nearest = nearest_others(codes, planted)[:count]
        seconds = time.perf_counter() - started
        left, right = np.array(planted).T
        apart = np.bitwise_count(codes[left] ^ codes[right])
        for most in DISTANCES:
            false = float((nearest <= most).mean())
            results[f"{name} <= {most}"] = figures(apart <= most, false, seconds)
    if options.json:
        print(json.dumps({"count": count, "planted": len(planted), "results": results}))
        return
    print(
        f"{len(planted)} copies planted among {count:,} pictures; false: share of these in a pair"
    )
    print(f"{'':20s} found  false   {'  '.join(KINDS)}")
    for name, row in results.items():
        each = "  ".join(f"{row[kind]:{len(kind)}.3f}" for kind in KINDS)
        print(f"{name:20s} {row['found']:.4f} {row['false']:.4f}  {each}  {row['seconds']:.1f} s")


if __name__ == "__main__":
    main()
