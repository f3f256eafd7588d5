"""Grounds that digits are written on: float RGB (h, w, 3) in 0..1."""

from __future__ import annotations

import cv2
import numpy as np

Colour = tuple[float, float, float]


def plain(height: int, width: int, colour: Colour) -> np.ndarray:
    """Return one even colour, as a drawing program gives it."""
    return np.ones((height, width, 3), np.float32) * np.array(colour, np.float32)


def clouds(height: int, width: int, rng: np.random.Generator, *, grain: float) -> np.ndarray:
    """Return smooth noise (h, w) of mean 0 and deviation 1; `grain` is its size in pixels."""
    rows, columns = max(2, int(height / grain) + 2), max(2, int(width / grain) + 2)
    small = rng.normal(0.0, 1.0, (rows, columns)).astype(np.float32)
    field = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return (field - field.mean()) / (field.std() + 1e-6)


def fibrous(
    height: int, width: int, colour: Colour, rng: np.random.Generator, *, rough: float = 0.01
) -> np.ndarray:
    """Return paper with fibres: fine and coarse noise of deviation `rough`."""
    texture = clouds(height, width, rng, grain=max(width / 300, 1.5))
    texture = texture + 0.7 * clouds(height, width, rng, grain=max(width / 40, 4))
    return plain(height, width, colour) + rough * texture[..., None]


def ruled(
    ground: np.ndarray,
    rng: np.random.Generator,
    *,
    pitch: float,
    colour: Colour,
    square: bool,
    strength: float = 1.0,
    margin: bool = False,
) -> np.ndarray:
    """Print lines (or squares) on the ground, slightly turned, `pitch` pixels apart."""
    height, width = ground.shape[:2]
    lines = np.zeros((height, width), np.float32)
    angle = rng.normal(0.0, 0.02)
    thickness = max(1, round(pitch / 28))
    reach = height + width
    for turned in (False, True) if square else (False,):
        offset = rng.uniform(0, pitch)
        direction = np.array([-np.sin(angle), np.cos(angle)])
        if turned:
            direction = np.array([np.cos(angle), np.sin(angle)])
        along = np.array([direction[1], -direction[0]])
        for k in range(-int(reach / pitch) - 1, int(reach / pitch) + 2):
            middle = direction * (offset + k * pitch)
            a, b = middle - along * reach, middle + along * reach
            cv2.line(lines, *_integers(a, b), 1.0, thickness, cv2.LINE_AA)
    ground = _ink_on(ground, lines * strength, colour)
    if margin:
        line = np.zeros((height, width), np.float32)
        x = rng.uniform(0.06, 0.16) * width
        cv2.line(line, *_integers((x, 0), (x, height)), 1.0, thickness, cv2.LINE_AA)
        ground = _ink_on(ground, line * strength, (0.85, 0.3, 0.35))
    return ground


def chalkboard(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Return a dark green or black board with wiped chalk."""
    colour = ((0.12, 0.24, 0.18), (0.1, 0.1, 0.11), (0.08, 0.2, 0.22))[rng.integers(3)]
    smears = np.clip(clouds(height, width, rng, grain=width / 5), 0, None)
    streaks = cv2.blur(rng.normal(0, 1, (height, width)).astype(np.float32), (41, 3))
    return fibrous(height, width, colour, rng) + (0.03 * smears + 0.06 * streaks)[..., None]


def creased(ground: np.ndarray, rng: np.random.Generator, *, folds: int) -> np.ndarray:
    """Crumple or fold: along straight creases, one side lighter and the other darker."""
    height, width = ground.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    shade = np.zeros((height, width), np.float32)
    for _ in range(folds):
        angle = rng.uniform(0, np.pi)
        x, y = rng.uniform(0.1, 0.9) * width, rng.uniform(0.1, 0.9) * height
        away = (columns - x) * np.sin(angle) - (rows - y) * np.cos(angle)
        reach = rng.uniform(0.02, 0.15) * width
        shade += rng.uniform(0.03, 0.10) * np.sign(away) * np.exp(-np.abs(away) / reach)
    return ground * (1 + shade[..., None])


def wooden(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Return a table top: brown, grey or black with a grain."""
    colour = ((0.45, 0.3, 0.18), (0.3, 0.3, 0.32), (0.12, 0.1, 0.1), (0.62, 0.48, 0.33))
    grain = clouds(height, max(width // 30, 4), rng, grain=2.0)
    grain = cv2.resize(grain, (width, height))
    return plain(height, width, colour[rng.integers(4)]) * (1 + 0.08 * grain[..., None])


def _ink_on(ground: np.ndarray, cover: np.ndarray, colour: Colour) -> np.ndarray:
    return ground * (1 - cover[..., None]) + np.array(colour, np.float32) * cover[..., None]


def _integers(a: np.ndarray | tuple, b: np.ndarray | tuple) -> tuple:
    return tuple(tuple(round(float(v)) for v in point) for point in (a, b))
