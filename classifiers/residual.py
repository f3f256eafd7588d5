"""What only a graph can say: a residual connection, and two outputs from one set of layers.

K. He, X. Zhang, S. Ren, J. Sun, "Deep Residual Learning for Image Recognition", CVPR 2016. Each
block adds its input to its output, so every layer has two ways in; and the same features give
both the label and a unit-length embedding. `keras.Sequential` can hold neither.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from siam.classifiers.architecture import FEATURES, Convolution, make_head, plan

__all__ = ["build", "label_alone"]


def build(
    input_shape: tuple[int, int, int], num_classes: int, *, features: int = FEATURES
) -> keras.Model:
    """Build a residual classifier that names a picture and embeds it in one pass.

    Trained on its label alone (`label_alone`); the embedding is what the label is read from, so
    that it comes along for nothing.

    Arguments and what is raised: see `siam.classifiers.styles.build_classifier`. Two float32
    outputs: "label" (n, num_classes), and "embedding" (n, features), of unit length.

    Example:
        >>> sorted(build((28, 28, 1), 10).output)
        ['embedding', 'label']
    """
    picture = keras.Input(input_shape, name="picture")
    x = layers.Rescaling(1 / 255, name="scale")(picture)
    for number, step in enumerate(plan(input_shape, num_classes), start=1):
        x = _residual_block(x, step, f"block_{number}")
    *chain, name = make_head(num_classes, features)
    for layer in chain:
        x = layer(x)
    # The embedding ends in float32 as the label does, whatever the policy: bfloat16 keeps 3 digits.
    embedding = layers.UnitNormalization(dtype="float32", name="embedding")(x)
    return keras.Model(picture, {"label": name(x), "embedding": embedding}, name="residual")


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
