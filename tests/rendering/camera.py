"""What a camera and a file do to a scene: light, shadow, lens, sensor, compression."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
from PIL import Image


def lit(scene: np.ndarray, rng: np.random.Generator, *, fall: float) -> np.ndarray:
    """Light the scene from one side and one corner; `fall` 0..1 is the loss at the far end."""
    height, width = scene.shape[:2]
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    angle = rng.uniform(0, 2 * np.pi)
    ramp = (np.cos(angle) * columns + np.sin(angle) * rows) / 1.42
    x, y = rng.uniform(-0.8, 0.8, 2)
    hill = (columns - x) ** 2 + (rows - y) ** 2
    light = 1 - fall * (0.5 + 0.5 * ramp) * 0.6 - fall * 0.5 * np.minimum(hill / 4, 1)
    tint = 1 + rng.normal(0, 0.04, 3)
    return scene * light[..., None] * tint


def shaded(scene: np.ndarray, rng: np.random.Generator, *, depth: float, soft: float) -> np.ndarray:
    """Let a hand or a telephone throw a shadow with a straight or round edge.

    Args:
        scene: float RGB.
        rng: where the shadow falls.
        depth: 0..1, how much light it takes.
        soft: width of its edge as a part of the picture's width.
    """
    height, width = scene.shape[:2]
    shadow = np.zeros((height, width), np.float32)
    if rng.random() < 0.6:
        angle = rng.uniform(0, 2 * np.pi)
        middle = np.array([rng.uniform(0.3, 0.7) * width, rng.uniform(0.3, 0.7) * height])
        along = np.array([np.cos(angle), np.sin(angle)]) * 2 * (width + height)
        across = np.array([-along[1], along[0]])
        corners = np.array([middle - along, middle + along, middle + along + across,
                            middle - along + across])  # fmt: skip
        cv2.fillPoly(shadow, [corners.astype(np.int32)], 1.0)
    else:
        centre = (int(rng.uniform(0, 1) * width), int(rng.uniform(0.5, 1.1) * height))
        axes = (int(rng.uniform(0.2, 0.5) * width), int(rng.uniform(0.3, 0.6) * height))
        cv2.ellipse(shadow, centre, axes, rng.uniform(0, 180), 0, 360, 1.0, -1)
    small = cv2.resize(shadow, (200, max(2, 200 * height // width)))
    small = cv2.GaussianBlur(small, (0, 0), max(200 * soft / 2.5, 0.3))
    shadow = cv2.resize(small, (width, height))
    return scene * (1 - depth * shadow[..., None])


def glared(scene: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Reflect a lamp: one bright spot."""
    height, width = scene.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = rng.uniform(0.1, 0.9) * width, rng.uniform(0.1, 0.9) * height
    size = rng.uniform(0.15, 0.3) * width
    spot = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * size**2))
    return scene + 0.35 * spot[..., None]


def photographed(
    scene: np.ndarray, rng: np.random.Generator, *, blur: float, noise: float, shake: float = 0.0
) -> np.ndarray:
    """Return uint8 RGB after lens blur (pixels), hand shake (pixels) and sensor noise (0..1)."""
    if blur:
        scene = cv2.GaussianBlur(scene, (0, 0), blur)
    if shake >= 2:
        length = int(shake) | 1
        kernel = np.zeros((length, length), np.float32)
        angle = rng.uniform(0, np.pi)
        half = length // 2
        reach = (int(half * np.cos(angle)), int(half * np.sin(angle)))
        cv2.line(kernel, (half - reach[0], half - reach[1]), (half + reach[0], half + reach[1]), 1)
        scene = cv2.filter2D(scene, -1, kernel / kernel.sum())
    scene = scene + rng.normal(0, noise, scene.shape[:2])[..., None] * np.ones(3)
    scene = scene + rng.normal(0, noise * 0.5, scene.shape)
    return np.rint(np.clip(scene, 0, 1) * 255).astype(np.uint8)


def seen_askew(
    scene: np.ndarray, rng: np.random.Generator, around: np.ndarray, *, tilt: float, shrink: float
) -> np.ndarray:
    """Look at the scene in perspective, with `around` (same shape) showing at its edges."""
    height, width = scene.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    middle = corners.mean(0)
    moved = middle + (corners - middle) * shrink
    moved = moved + rng.uniform(-tilt, tilt, (4, 2)) * (width, height)
    warp = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    inside = cv2.warpPerspective(np.ones((height, width), np.float32), warp, (width, height))
    image = cv2.warpPerspective(scene.astype(np.float32), warp, (width, height))
    return image + around * (1 - inside[..., None])


def encoded(pixels: np.ndarray | Image.Image, form: str, **options: Any) -> bytes:
    """Return the file content of uint8 pixels in a format of Pillow's, such as "JPEG"."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


def turned_by_exif(pixels: np.ndarray, orientation: int, **options: Any) -> bytes:
    """Return a JPEG that lies on its side and says so: upright once the EXIF note is followed."""
    stored = {1: 0, 3: 2, 6: 1, 8: 3}[orientation]  # quarter turns counter-clockwise in the file
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(np.ascontiguousarray(np.rot90(pixels, stored)), "JPEG", exif=exif, **options)
