"""The one network behind every baseline: the layers of the small tower, plus one of labels.

The baselines answer "do I need a Siamese network?" fairly only if they are the same network, so
these are the sizes of `siam.siamese.towers.small_tower`, and a test holds them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from keras import layers

__all__ = ["FEATURES", "WIDTHS", "Convolution", "make_head", "make_layers", "plan"]

# Channels of the tower's convolutions.
WIDTHS = (32, 48, 96, 96)
# Length of the penultimate features: that of the tower's embedding.
FEATURES = 64
# A picture is halved until no side is longer than this.
SMALL = 8
# Side of the first convolution's windows, which stay inside the picture.
STEM = 6


@dataclass(frozen=True)
class Convolution:
    """One convolution with ReLU, how it is padded, and whether a pooling halves what it gives."""

    channels: int
    size: int
    strides: int
    padding: str
    pooled: bool


def plan(
    input_shape: tuple[int, int, int], num_classes: int, *, widths: Sequence[int] = WIDTHS
) -> tuple[Convolution, ...]:
    """Return the convolutions of a classifier of such pictures.

    Args:
        input_shape: height and width of a picture, each >= 6, and its channels, >= 1.
        num_classes: how many labels there are, >= 2.
        widths: channels of each convolution.

    Raises:
        ValueError: shapes that no classifier can have.

    Example:
        >>> [(step.channels, step.pooled) for step in plan((28, 28, 1), 10)]
        [(32, False), (48, True), (96, False), (96, False)]
    """
    if len(input_shape) != 3 or min(input_shape[:2]) < STEM or input_shape[2] < 1:
        raise ValueError(
            f"input_shape must be (height, width, channels), both sides at least {STEM}, "
            f"received {tuple(input_shape)}."
        )
    if num_classes < 2:
        raise ValueError(f"A classifier needs num_classes >= 2, received {num_classes}.")
    # The first convolution halves the picture, where its few channels cost least.
    side = (max(input_shape[:2]) - STEM) // 2 + 1
    steps = [Convolution(widths[0], STEM, 2, "valid", pooled=False)]
    for channels in widths[1:]:
        steps.append(Convolution(channels, 3, 1, "same", pooled=side > SMALL))
        # Rounded up, as "same" padding does.
        side = -(-side // 2) if side > SMALL else side
    return tuple(steps)


def make_layers(
    input_shape: tuple[int, int, int],
    num_classes: int,
    *,
    widths: Sequence[int] = WIDTHS,
    features: int = FEATURES,
) -> list[layers.Layer]:
    """Return the layers of a plain classifier, each to be fed by the one before it.

    Args and what is raised are those of `plan`; `features` is the length of the penultimate ones.
    """
    chain: list[layers.Layer] = [layers.Rescaling(1 / 255, name="scale")]
    for number, step in enumerate(plan(input_shape, num_classes, widths=widths), start=1):
        chain.append(
            layers.Conv2D(
                step.channels,
                step.size,
                step.strides,
                padding=step.padding,
                activation="relu",
                name=f"convolution_{number}",
            )
        )
        if step.pooled:
            chain.append(layers.MaxPooling2D(2, padding="same", name=f"pool_{number}"))
    return [*chain, *make_head(num_classes, features)]


def make_head(num_classes: int, features: int) -> list[layers.Layer]:
    """Return the layers that make features of what was convolved, and then a label of them."""
    return [
        layers.Flatten(name="flatten"),
        layers.Dense(features, use_bias=False, name="projection"),
        layers.BatchNormalization(momentum=0.9, name="projection_norm"),
        layers.ReLU(name="features"),
        # float32 whatever the policy: rounded probabilities would blunt the loss.
        layers.Dense(num_classes, activation="softmax", dtype="float32", name="label"),
    ]
