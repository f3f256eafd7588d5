"""Which chain and size suit a folder of pictures: found by asking the pictures."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from siam.array_types import Pictures, Vectors
from siam.datasets.layout import Entry, Fetch
from siam.errors import MissingExtraError, PictureError
from siam.parallel import parallel_map
from siam.pictures.conversion import convert_to_grey_or_rgb, reduce_to
from siam.pictures.digit_chain import FEW_PIXELS, WORK
from siam.pictures.framing import MNIST_SIDE, are_framed, measure_line_width
from siam.pictures.glyph_chain import INNER, extract_drawing
from siam.pictures.grey import convert_to_ink_grey
from siam.pictures.preparation import MIN_SIDE, Preparation, prepare_picture
from siam.pictures.reading import original_size, read_picture

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["PreparationChoice", "choose_preparation"]

Item = TypeVar("Item")

PROBES = 64
FRAMED = 0.9  # share of the probes that have MNIST's form,
DRAWN = 0.5  # or that are drawings on an even ground; photos are none at all
COLOURFUL = 16  # grey levels that the tints of a drawing in one ink differ at most, on average
SMALL = 48  # pixels on the longer side
LARGEST, FINEST, STEP = 64, 96, 4  # of a side that was not asked for: usually, and for thin lines
WIDE, WIDEST = 2.0, 6.0  # times as wide as high: from here on the input is no square; at most
SQUARE_FROM = 100  # classes: so many may be trained with quarter turns, which need a square
LINE = 2.0  # pixels that a drawing's lines keep
TRIED_CLASSES, TRIED = 50, 250  # classes and pictures that chains are compared on
LEAST_TRIED = 20
CLEARLY = 0.04  # of their shares: so much better has a chain to be than the one that suits the kind
AHEAD = 16  # pictures that each core begins
DIGITS = frozenset("0123456789")


@dataclass(frozen=True)
class PreparationChoice:
    """How a folder's pictures are prepared, and why so.

    Attributes:
        chain: see `siam.pictures.preparation.Preparation`.
        size: (height, width) of the network's input in pixels.
        reason: what decided about the chain, in words.
    """

    chain: str
    size: tuple[int, int]
    reason: str


@dataclass(frozen=True)
class Probe:
    """What one picture shows.

    Attributes:
        longer: its longer side in pixels.
        aspect: its width as a part of its height.
        framed: it has MNIST's form.
        line: width of its lines as a part of its ink's extent, 0 to 1; None for no drawing.
        extent: its ink's extent as a part of the picture's longer side; None for no drawing.
        ink_aspect: the ink's width as a part of its height; None for no drawing.
    """

    longer: int
    aspect: float
    framed: bool
    line: float | None = None
    extent: float | None = None
    ink_aspect: float | None = None


def choose_preparation(
    entries: Sequence[Entry],
    fetch: Fetch,
    *,
    prepare: str | None = None,
    size: tuple[int, int] | None = None,
) -> PreparationChoice:
    """Return the chain and the size that suit pictures, as far as they were not asked for.

    "digit" where nine in ten have MNIST's form. Where most are drawings on an even ground "glyph"
    suits them, and "digit" if the classes are 0 to 9 (then pictures of few pixels as well), unless
    "photo" is clearly better by how often a picture's nearest other one, by its histograms of
    oriented gradients, is of its class. "photo" otherwise.

    The side is the median longer side, 16 to 64 in fours; up to 96 where a drawing's lines would
    become thinner than two pixels; 28 for "digit". Where pictures (for "glyph", their ink) are
    twice as wide as high or more, or the reverse, as words and number plates are, so is the size,
    with as many pixels as the square has.

    Args:
        entries: of training pictures; 64 are looked at, chains compared on up to 250.
        fetch: gives the file or its content.
        prepare: the chain, if it was asked for.
        size: (height, width) in pixels, if it was asked for.
    """
    if prepare is not None and size is not None:
        return PreparationChoice(prepare, size, "as asked")
    classes = len({entry.class_name for entry in entries})
    probes = [_look_at(image) for image in _open_all(_spread(entries, PROBES), fetch)]
    if prepare is not None:
        return PreparationChoice(prepare, _fit_size(probes, prepare, classes), "as asked")
    framed = sum(probe.framed for probe in probes)
    drawn = sum(probe.line is not None for probe in probes)
    if probes and framed >= FRAMED * len(probes):
        reason = f"{framed} of {len(probes)} pictures looked at have MNIST's form"
        return PreparationChoice("digit", size or (MNIST_SIDE, MNIST_SIDE), reason)
    chains = ["photo"]
    if probes and drawn >= DRAWN * len(probes):
        chains.insert(0, "glyph")
    tiny = bool(probes) and np.median([probe.longer for probe in probes]) < FEW_PIXELS
    if (tiny or "glyph" in chains) and {entry.class_name for entry in entries} == DIGITS:
        chains.insert(0, "digit")
    sizes = {chain: size or _fit_size(probes, chain, classes) for chain in chains}
    chain, reason = chains[0], f"{drawn} of {len(probes)} pictures looked at are drawings"
    sample = _sample(entries)
    if len(chains) > 1 and len(sample) >= LEAST_TRIED:
        shares = _compare(sample, fetch, sizes)
        best = max(chains, key=shares.__getitem__)
        chain = best if shares[best] > shares[chain] + CLEARLY else chain
        told = ", ".join(f"{shares[each]:.1%} as {each}" for each in chains)
        reason = f"the nearest by gradients is of the same class for {told}"
    return PreparationChoice(chain, sizes[chain], reason)


def _look_at(image: Image.Image) -> Probe:
    import cv2

    width, height = original_size(image)
    longer, aspect = max(width, height), width / height
    plain = reduce_to(convert_to_grey_or_rgb(image), WORK)
    grey = convert_to_ink_grey(plain)
    framed = bool(
        grey.shape[0] == grey.shape[1] in (MNIST_SIDE, 32)
        and not _has_colours(plain, np.ones_like(grey))
        and (are_framed(grey[None])[0] or are_framed(255 - grey[None], strict=True)[0])
    )
    ink = extract_drawing(grey)
    if ink is None and (factor := round(max(plain.size) / SMALL)) > 1:
        # Small, a drawing that was scanned or compressed has an even ground again.
        plain = plain.reduce((min(factor, plain.width), min(factor, plain.height)))
        grey = convert_to_ink_grey(plain)
        ink = extract_drawing(grey)
    if ink is None or _has_colours(plain, ink):
        return Probe(longer, aspect, framed)
    _, _, wide, tall = cv2.boundingRect(ink)
    extent = max(wide, tall)
    line = measure_line_width(ink) / extent
    return Probe(longer, aspect, framed, line, extent / max(grey.shape), wide / tall)


def _has_colours(image: Image.Image, ink: Pictures) -> bool:
    """Return whether ink is of several colours, which the chains for ink would lose."""
    if image.mode == "L":
        return False
    colours = np.asarray(image, np.int16)[ink > 0]
    tints = (
        colours[:, :2] - colours[:, 1:]
    )  # red and green over the next channel: no matter how bright
    return bool(np.abs(tints - np.median(tints, axis=0)).mean() > COLOURFUL)


def _fit_size(probes: Sequence[Probe], chain: str, classes: int) -> tuple[int, int]:
    if chain == "digit":
        return MNIST_SIDE, MNIST_SIDE
    longer = float(np.median([probe.longer for probe in probes])) if probes else LARGEST
    side = float(np.clip(longer, MIN_SIDE, LARGEST))
    aspects = [probe.aspect for probe in probes]
    drawings = [p for p in probes if p.line is not None]
    if drawings and 2 * len(drawings) >= len(probes):
        if chain == "glyph":
            aspects = [p.ink_aspect or 1.0 for p in drawings]
        line, extent = np.median([(p.line, p.extent) for p in drawings], axis=0)
        thin = LINE / max(line * (INNER if chain == "glyph" else extent), 1e-3)
        side = max(side, min(thin, longer, FINEST))
    stretch = float(np.median(aspects)) if aspects else 1.0
    if classes >= SQUARE_FROM or 1 / WIDE < stretch < WIDE:
        stretch = 1.0
    root = float(np.sqrt(np.clip(stretch, 1 / WIDEST, WIDEST)))
    high, wide = (
        STEP * max(round(length / STEP), MIN_SIDE // STEP) for length in (side / root, side * root)
    )
    return high, wide


def _sample(entries: Sequence[Entry]) -> list[Entry]:
    """Return some pictures each of up to 50 classes, all evenly spread, of no class only one."""
    by_class: dict[str, list[Entry]] = {}
    for entry in entries:
        by_class.setdefault(entry.class_name, []).append(entry)
    chosen = _spread([own for own in by_class.values() if len(own) > 1], TRIED_CLASSES)
    return [entry for own in chosen for entry in _spread(own, TRIED // len(chosen))]


def _compare(
    sample: Sequence[Entry], fetch: Fetch, sizes: dict[str, tuple[int, int]]
) -> dict[str, float]:
    """Return for each chain how often a picture's nearest other one is of its class, 0 to 1."""

    def describe(entry: Entry) -> list[list[Vectors]]:
        return [
            [
                _describe_gradients(prepare_picture(image, Preparation(chain, size, 1)).pixels)
                for chain, size in sizes.items()
            ]
            for image in _open_all([entry], fetch)
        ]

    described = list(parallel_map(describe, sample, ahead=AHEAD))
    names = np.array([e.class_name for e, seen in zip(sample, described, strict=True) if seen])
    shares = {}
    for place, chain in enumerate(sizes):
        vectors = np.stack([seen[0][place] for seen in described if seen])
        near = 2 * vectors @ vectors.T - np.square(vectors).sum(axis=1)
        np.fill_diagonal(near, -np.inf)
        shares[chain] = float((names[near.argmax(axis=1)] == names).mean())
    return shares


def _describe_gradients(grey: Pictures) -> Vectors:
    """Return a picture's histogram of oriented gradients (Dalal and Triggs, 2005), float32 (n,)."""
    import cv2

    large = cv2.resize(grey, (64, 64), interpolation=cv2.INTER_AREA).astype(np.float32)
    across, down = cv2.Sobel(large, cv2.CV_32F, 1, 0), cv2.Sobel(large, cv2.CV_32F, 0, 1)
    strength, angle = cv2.cartToPolar(across, down)
    # Light on dark or dark on light is the same; each pixel votes for the nearest of 9 directions.
    direction = np.rint(angle * (9 / np.pi)).astype(np.int64) % 9
    cell = np.arange(64) // 8
    bins = (cell[:, None] * 8 + cell) * 9 + direction
    cells = np.bincount(bins.ravel(), strength.ravel(), minlength=576).reshape(8, 8, 9)
    # Blocks of four cells that overlap, each of unit length.
    blocks = np.concatenate(
        [cells[:-1, :-1], cells[:-1, 1:], cells[1:, :-1], cells[1:, 1:]], axis=2
    )
    blocks /= np.linalg.norm(blocks, axis=2, keepdims=True) + 1.0
    return blocks.ravel().astype(np.float32)


def _open_all(entries: Sequence[Entry], fetch: Fetch) -> Iterator[Image.Image]:
    """Yield pictures one at a time, large ones made smaller; what cannot be read is passed over."""
    for entry in entries:
        with contextlib.suppress(PictureError, MissingExtraError):
            yield read_picture(fetch(entry.path), name=entry.path, enough=WORK)


def _spread(items: Sequence[Item], most: int) -> Sequence[Item]:
    """Return up to `most` of the items, evenly spread."""
    return items if len(items) <= most else [items[i * len(items) // most] for i in range(most)]
