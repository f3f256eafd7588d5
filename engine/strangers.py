"""Pictures of nothing: what a run should call no match, made to measure whether it does."""

from __future__ import annotations

import numpy as np

__all__ = ["strange_pictures"]

PICTURES = 200


def strange_pictures(shape: tuple[int, int, int], *, seed: int = 0) -> dict[str, np.ndarray]:
    """Return kind -> uint8 (n, height, width, channels) of pictures that show nothing.

    Args:
        shape: (height, width, channels) of the network's input.
        seed: of the noise.

    Example:
        >>> {kind: pictures.shape for kind, pictures in strange_pictures((8, 8, 1)).items()}
        {'noise': (200, 8, 8, 1), 'blank': (200, 8, 8, 1)}
    """
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 256, (PICTURES, *shape), dtype=np.uint8)
    grey = np.linspace(0, 255, PICTURES).astype(np.uint8).reshape(-1, 1, 1, 1)
    return {"noise": noise, "blank": np.broadcast_to(grey, noise.shape).copy()}
