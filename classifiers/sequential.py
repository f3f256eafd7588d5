"""A classifier in Keras' first style: `keras.Sequential`, a list of layers.

Can: say a plain chain of layers in the fewest words; show a summary; save and load with nothing
registered, because Keras knows every layer in the list.
Cannot: branch, join, skip a layer, share one, or have two inputs or outputs. A Siamese network
(two inputs) and a residual connection (`siam.classifiers.residual`) are out of its reach.
"""

from __future__ import annotations

import keras
from keras import layers

from siam.classifiers.architecture import FEATURES, plan

__all__ = ["build"]


def build(
    input_shape: tuple[int, int, int],
    num_classes: int,
    *,
    features: int = FEATURES,
) -> keras.Sequential:
    """Build the classifier as a list of layers, each fed by the one before it.

    Args:
        input_shape: height, width and channels of a picture.
        num_classes: how many labels there are, >= 2.
        features: length of the penultimate features.

    Returns:
        A model from float32 (n, height, width, channels) in 0 to 255 to float32
        (n, num_classes): the probability of each label, rows summing to 1.

    Raises:
        ValueError: shapes that no classifier can have.

    Example:
        >>> build((28, 28, 1), 10).output_shape
        (None, 10)
    """
    model = keras.Sequential(name="sequential")
    model.add(keras.Input(input_shape, name="picture"))
    model.add(layers.Rescaling(1 / 255, name="scale"))
    for number, step in enumerate(plan(input_shape, num_classes), start=1):
        model.add(
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
            model.add(layers.MaxPooling2D(2, padding="same", name=f"pool_{number}"))
    model.add(layers.Flatten(name="flatten"))
    model.add(layers.Dense(features, use_bias=False, name="projection"))
    model.add(layers.BatchNormalization(momentum=0.9, name="projection_norm"))
    model.add(layers.ReLU(name="features"))
    # float32 whatever the policy: rounded probabilities would blunt the loss.
    model.add(layers.Dense(num_classes, activation="softmax", dtype="float32", name="label"))
    return model
