"""Pictures brought to one place and scale by their moments, so that copies lie over each other.

A copy that was cropped a little, moved or made larger has its content elsewhere in the frame. What
differs from the border is taken for the content; where its centre lies, and how far it spreads, is
nearly the same in both (M. K. Hu, 1962).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from siam.array_types import Booleans, Floats, Pictures, Vectors

__all__ = ["MIDDLE", "SIDE", "content_places", "grey_frame", "inside", "sample_frames"]

# Of a frame that pictures are kept in, and of what is laid over each other.
FRAME, SIDE = 32, 24
MIDDLE = (SIDE - 1) / 2
# Half of what is laid over each other, in spreads of the content.
REACH = 2.5
# In pixels: what another encoder or size did to the edges is no difference.
BLUR = 0.7


def grey_frame(picture: Pictures) -> Pictures:
    """Return a picture as grey uint8 (32, 32), blurred a little, whatever its size and aspect.

    Args:
        picture: uint8 (height, width) or (height, width, channels), channels 1 or 3.

    Example:
        >>> grey_frame(np.full((50, 40, 3), 9, np.uint8))[0, :3].tolist()
        [9, 9, 9]
    """
    import cv2

    grey = picture.reshape(*picture.shape[:2], -1).mean(axis=2, dtype=np.float32)
    how = cv2.INTER_AREA if min(grey.shape) > FRAME else cv2.INTER_LINEAR
    small = cv2.resize(grey, (FRAME, FRAME), interpolation=how)
    frame: Pictures = np.rint(cv2.GaussianBlur(small, (0, 0), BLUR)).astype(np.uint8)
    return frame


def content_places(frames: Pictures) -> Floats:
    """Return where the content of each frame lies.

    Args:
        frames: uint8 (n, 32, 32), of `grey_frame`.

    Returns:
        float64 (n, 4): pixels of the frame for a pixel of what is sampled, across and down; the
        centre of the content, across and down.

    Example:
        >>> frame = np.zeros((1, 32, 32), np.uint8)
        >>> frame[0, 8:16, 10:18] = 200
        >>> content_places(frame)[0, 2:].tolist()
        [13.5, 11.5]
    """
    edges = [frames[:, 0], frames[:, -1], frames[:, 1:-1, 0], frames[:, 1:-1, -1]]
    border = np.median(np.concatenate(edges, axis=1), axis=1)
    content = np.abs(frames - border[:, None, None].astype(np.float32))
    steps = np.arange(FRAME, dtype=np.float64)
    mass = np.maximum(content.sum(axis=(1, 2), dtype=np.float64), 1e-6)
    places = np.empty((len(frames), 4))
    variance = np.zeros(len(frames))
    for axis, column in ((1, 2), (2, 3)):
        profile = content.sum(axis=axis, dtype=np.float64)
        places[:, column] = profile @ steps / mass
        variance += profile @ steps**2 / mass - places[:, column] ** 2
    places[:, :2] = (2 * REACH / SIDE * np.sqrt(np.maximum(variance / 2, 1.0)))[:, None]
    return places


def sample_frames(frames: Sequence[Pictures] | Pictures, places: Floats) -> Vectors:
    """Return what lies at each frame's place, float32 (n, 24, 24), 0 to 255.

    Args:
        frames: n of uint8 (32, 32).
        places: float64 (n, 4), as `content_places` gives them.
    """
    import cv2

    sampled = np.empty((len(places), SIDE, SIDE), np.float32)
    for row, (frame, place) in enumerate(zip(frames, places, strict=True)):
        across, down, x, y = place
        matrix = np.array([[across, 0, x - across * MIDDLE], [0, down, y - down * MIDDLE]])
        sampled[row] = cv2.warpAffine(
            frame.astype(np.float32),
            matrix,
            (SIDE, SIDE),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    return sampled


def inside(places: Floats) -> Booleans:
    """Return which pixels of what is sampled lie inside of the frame, bool (n, 24, 24)."""
    offsets = np.arange(SIDE) - MIDDLE
    columns, rows = (
        np.abs(places[:, [scale]] * offsets + places[:, [centre]] - (FRAME - 1) / 2)
        <= (FRAME - 1) / 2 - 0.5
        for scale, centre in ((0, 2), (1, 3))
    )
    both: Booleans = rows[:, :, None] & columns[:, None, :]
    return both
