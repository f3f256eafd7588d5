"""What only a graph can say: a residual connection, and two outputs from one set of layers.

K. He, X. Zhang, S. Ren, J. Sun, "Deep Residual Learning for Image Recognition", CVPR 2016. Each
block adds its input to its output, so every layer has two ways in; and the same features give
both the label and a unit-length embedding. `keras.Sequential` can hold neither.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from siam.classifiers.architecture import FEATURES, Convolution, plan

__all__ = ["build", "label_alone"]


def build(
    input_shape: tuple[int, int, int],
    num_classes: int,
    *,
    features: int = FEATURES,
) -> keras.Model:
    """Build a residual classifier that names a picture and embeds it in one pass.

    Trained on its label alone (`label_alone`); the embedding is what the label is read from, so
    that it comes along for nothing.

    Args:
        input_shape: height, width and channels of a picture.
        num_classes: how many labels there are, >= 2.
        features: length of the embedding.

    Returns:
        A model from float32 (n, height, width, channels) in 0 to 255 to two float32 outputs:
        "label" (n, num_classes), the probability of each label, and "embedding"
        (n, features), of unit length.

    Raises:
        ValueError: shapes that no classifier can have.

    Example:
        >>> sorted(build((28, 28, 1), 10).output)
        ['embedding', 'label']
    """
    picture = keras.Input(input_shape, name="picture")
    x = layers.Rescaling(1 / 255, name="scale")(picture)
    for number, step in enumerate(plan(input_shape, num_classes), start=1):
        x = _residual_block(x, step, f"block_{number}")
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(features, use_bias=False, name="projection")(x)
    x = layers.BatchNormalization(momentum=0.9, name="projection_norm")(x)
    x = layers.ReLU(name="features")(x)

    # Both outputs end in float32 whatever the policy: bfloat16 keeps 3 digits.
    label = layers.Dense(num_classes, activation="softmax", dtype="float32", name="label")(x)
    embedding = layers.UnitNormalization(dtype="float32", name="embedding")(x)
    return keras.Model(picture, {"label": label, "embedding": embedding}, name="residual")


def label_alone(classifier: keras.Model) -> keras.Model:
    """Return the part of a classifier that names: itself, or a view of its output "label".

    A view shares its layers with the whole, so that training one trains the other.

    Args:
        classifier: built by one of `siam.classifiers.styles.STYLES`.

    Example:
        >>> label_alone(build((28, 28, 1), 10)).output_shape
        (None, 10)
    """
    # A subclassed model has no graph, so no named outputs to choose from.
    if len(getattr(classifier, "output_names", None) or ()) < 2:
        return classifier
    label = classifier.get_layer("label").output
    return keras.Model(classifier.inputs[0], label, name=f"{classifier.name}_label")


def _residual_block(x: Any, step: Convolution, name: str) -> Any:
    """relu(x + convolution(x)), halved where the plan says; x is fitted where shapes differ."""
    shortcut = x
    if step.strides != 1 or x.shape[-1] != step.channels:
        # A strided convolution's windows are the shortcut's too, so that both give one shape.
        size = 1 if step.strides == 1 else step.size
        fit = layers.Conv2D(
            step.channels, size, step.strides, padding=step.padding, name=f"{name}_fit"
        )
        shortcut = fit(x)
    x = layers.Conv2D(
        step.channels, step.size, step.strides, padding=step.padding, name=f"{name}_convolution"
    )(x)
    x = layers.Add(name=f"{name}_sum")([x, shortcut])
    x = layers.ReLU(name=f"{name}_relu")(x)
    if step.pooled:
        x = layers.MaxPooling2D(2, padding="same", name=f"{name}_pool")(x)
    return x
