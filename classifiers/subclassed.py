"""A classifier in Keras' third style: a subclass of `keras.Model` with its own forward pass.

Can: anything Python can say in `call`, such as loops and conditions over shapes and arguments;
methods of its own (`features` here); its own training step.
Cannot: be looked into. There is no graph, so it cannot be cut at a layer, its summary knows no
shapes between layers, and Keras saves it only if it is registered and tells its constructor's
arguments (`get_config`); the program that loads it must have imported this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from siam.classifiers.architecture import FEATURES, WIDTHS, make_layers

__all__ = ["SubclassedClassifier", "build"]


@keras.saving.register_keras_serializable(package="siam")
class SubclassedClassifier(keras.Model):
    """The classifier as a class: layers made in the constructor, called in `call`.

    Args:
        picture_shape: height, width and channels of a picture.
        num_classes: how many labels there are, >= 2.
        widths: channels of each convolution.
        features: length of the penultimate features.
        **kwargs: `name` and `dtype` of `keras.Model`.

    Call arguments:
        pictures: float32 (n, height, width, channels), 0 to 255.
        training: whether batch normalisation learns from this batch.
    """

    def __init__(
        self,
        picture_shape: Sequence[int],
        num_classes: int,
        *,
        widths: Sequence[int] = WIDTHS,
        features: int = FEATURES,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        height, width, channels = picture_shape
        self.picture_shape = (height, width, channels)
        self.num_classes = num_classes
        self.widths = tuple(widths)
        # `features` is the method below; a length and a method cannot share the name.
        self.feature_length = features

        (
            self.scale,
            *self.convolutions,
            self.flatten,
            self.projection,
            self.projection_norm,
            self.relu,
            self.label,
        ) = make_layers(self.picture_shape, num_classes, widths=widths, features=features)

    def features(self, pictures: Any) -> Any:
        """The penultimate features: (n, feature_length), each >= 0."""
        x = self.scale(pictures)
        # Keras hands `training` on from `call` to the layers that ask for it.
        for layer in self.convolutions:
            x = layer(x)
        x = self.projection(self.flatten(x))
        return self.relu(self.projection_norm(x))

    def call(self, pictures: Any, training: bool = False) -> Any:
        """The probability of each label: float32 (n, num_classes), rows summing to 1."""
        return self.label(self.features(pictures))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, from which `from_config` makes the same network again."""
        return {
            **super().get_config(),
            "picture_shape": list(self.picture_shape),
            "num_classes": self.num_classes,
            "widths": list(self.widths),
            "features": self.feature_length,
        }


def build(
    input_shape: tuple[int, int, int], num_classes: int, *, features: int = FEATURES
) -> SubclassedClassifier:
    """Build the classifier as an instance of its class, its weights made.

    Arguments, result and what is raised: see `siam.classifiers.styles.build_classifier`.

    Example:
        >>> build((28, 28, 1), 10)(np.zeros((2, 28, 28, 1), np.float32)).shape[1]
        10
    """
    model = SubclassedClassifier(input_shape, num_classes, features=features, name="subclassed")
    # A subclass learns its input shape from its first call; without one it has no weights yet.
    model(keras.Input(input_shape, name="picture"))
    return model
