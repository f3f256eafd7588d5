"""What a trained classifier has learnt before it names a label: its penultimate features.

They make a classifier comparable with a Siamese network: unit-length rows whose distances can be
judged like embeddings.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from siam.array_types import Pictures, Vectors
from siam.classifiers.subclassed import SubclassedClassifier
from siam.training.device import compile_steps

__all__ = ["Answer", "answer_function", "feature_model"]

Answer = Callable[[Pictures], tuple[Vectors, Vectors]]


def feature_model(classifier: keras.Model) -> keras.Model:
    """Return a model of two outputs, the labels' probabilities and the penultimate features.

    A Sequential or Functional classifier is a graph and is cut at its layer "features"; a
    subclassed one has no graph, so its own methods are called instead. The weights are the
    classifier's own, not copies.

    Args:
        classifier: built by one of `siam.classifiers.styles.STYLES`.

    Returns:
        A model from float32 (n, height, width, channels) in 0 to 255 to
        [probabilities (n, num_classes), features (n, length), each >= 0].

    Example:
        >>> from siam.classifiers.sequential import build
        >>> feature_model(build((28, 28, 1), 10)).output_shape
        [(None, 10), (None, 64)]
    """
    if isinstance(classifier, SubclassedClassifier):
        picture = keras.Input(classifier.picture_shape, name="picture")
        features = classifier.features(picture)
        return keras.Model(picture, [classifier.label(features), features])
    outputs = [classifier.get_layer(name).output for name in ("label", "features")]
    return keras.Model(classifier.inputs[0], outputs)


def answer_function(classifier: keras.Model) -> Answer:
    """Return a function that names pictures and embeds them by a classifier, in one pass.

    Args:
        classifier: built by one of `siam.classifiers.styles.STYLES`.

    Returns:
        A function of pictures uint8 (n, height, width, channels), n >= 1, that returns
        probabilities: float32 (n, num_classes), rows summing to 1;
        embeddings: float32 (n, length), the features scaled to unit length. A picture that wakes
        no feature at all gets the even vector, equally far from every axis.
    """
    # Made once: every new model is compiled anew at its first batch.
    model = feature_model(classifier)
    model.compile(jit_compile=compile_steps())

    def answer(pictures: Pictures) -> tuple[Vectors, Vectors]:
        probabilities, found = model.predict(pictures, batch_size=256, verbose=0)
        features = np.array(found, np.float32)
        features[~features.any(axis=1)] = 1
        embeddings = features / np.linalg.norm(features, axis=1, keepdims=True)
        return np.asarray(probabilities, np.float32), embeddings

    return answer
