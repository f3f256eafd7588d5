"""The pretrained tower: a frozen backbone's features, what a head learned of them, side by side.

    picture -> backbone -> unit length ("raw") ---------------------------> share -+
                   |           `-> whitening -> unit length --------------> share -+
                   |-----> class posterior -------------------------------> share -+
                   |-----> principal components -> unit length -----------> share -+-> embedding
                   |             `-> head, trained -> unit length --------> share -+
                   `-> maps -> upper layers and head, fine-tuned ---------> share -+
    picture -> made smaller -> siam's own tower --------------------------> share -+

The squared distance of two embeddings is the sum of the parts' squared distances, each times its
share. The features themselves, raw or as components, are always among them: a head knows the
classes that it was trained on, and they know others too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops

from siam.array_types import Tensor, Vectors
from siam.siamese.backbone_cut import with_maps
from siam.siamese.network import TOWER
from siam.siamese.unit_length import unit_length

__all__ = [
    "Components",
    "TowerParts",
    "fit_components",
    "fit_scale",
    "head_tower",
    "joined_tower",
    "resized_tower",
    "take_apart",
]

# A feature that hardly varies in training tells nothing, and must not be blown up.
LEAST_DEVIATION = 0.05  # of the mean deviation
SMALLEST_DEVIATION = 1e-6
MOST_COMPONENTS = 128


@dataclass(frozen=True)
class Components:
    """Principal components of standardised features, as one linear map.

    Attributes:
        kernel: float32 (features, components).
        bias: float32 (components,).
    """

    kernel: Vectors
    bias: Vectors

    def apply(self, features: Vectors) -> Vectors:
        """Return the components of features, float32 (n, features) to (n, components)."""
        return features @ self.kernel + self.bias

    def layer(self, features: Tensor, *, name: str) -> Tensor:
        """Return what `apply` does as part of a graph, not trained."""
        layer = layers.Dense(len(self.bias), trainable=False, name=name)
        mapped = layer(features)
        layer.set_weights([self.kernel, self.bias])
        return mapped


def fit_scale(features: Vectors) -> tuple[Vectors, Vectors]:
    """Return the mean and the deviation of each training feature, float32 (features,), > 0.

    Args:
        features: float32 (n, features).

    Example:
        >>> fit_scale(np.array([[0.0, 2.0], [2.0, 2.0]], np.float32))[0].tolist()
        [1.0, 2.0]
    """
    deviation = features.std(axis=0)
    least = max(LEAST_DEVIATION * float(deviation.mean()), SMALLEST_DEVIATION)
    return features.mean(axis=0), np.maximum(deviation, np.float32(least))


def fit_components(features: Vectors) -> Components:
    """Find what training features vary in most: 128 directions or fewer.

    Args:
        features: float32 (n, features); their principal components are those of features brought
            to mean 0 and deviation 1, not made equally long: what varies most weighs most.

    Example:
        >>> fit_components(np.array([[0.0, 2.0], [2.0, 2.0]], np.float32)).kernel.shape
        (2, 1)
    """
    mean, deviation = fit_scale(features)
    standard = (features - mean) / deviation
    _, lengths, directions = np.linalg.svd(standard, full_matrices=False)
    count = min(MOST_COMPONENTS, int(np.count_nonzero(lengths > 1e-5 * lengths[0])))
    kernel = (directions[:count] / deviation).T.astype(np.float32)
    return Components(kernel, -mean @ kernel)


def head_tower(
    input_shape: tuple[int, ...], dim: int, *, dropout: float = 0.2, name: str = TOWER
) -> keras.Model:
    """A linear map of features, trained by the loss of the Siamese network.

    Args:
        input_shape: (n,), how many components there are.
        dim: length of an embedding.
        dropout: share of the features that a training step does without.
        name: name of the model.

    Returns:
        A Functional model, float32 (m, n) to float32 (m, dim), unit length.

    Example:
        >>> head_tower((128,), 64).output_shape
        (None, 64)
    """
    inputs = keras.Input(input_shape, name="features")
    x = layers.Dropout(dropout, name="dropout")(inputs)
    x = layers.Dense(dim, use_bias=False, name="projection")(x)
    x = layers.BatchNormalization(momentum=0.9, name="projection_norm")(x)
    return keras.Model(inputs, unit_length(x, name="embedding"), name=name)


def resized_tower(tower: keras.Model, input_shape: tuple[int, int, int]) -> keras.Model:
    """Put in front of a tower what makes larger pictures as small as it takes them.

    Args:
        tower: takes pictures (height, width, channels).
        input_shape: of the larger pictures, of as many channels.

    Example:
        >>> from siam.siamese.towers import small_tower
        >>> resized_tower(small_tower((64, 64, 1)), (224, 224, 1)).input_shape
        (None, 224, 224, 1)
    """
    inputs = keras.Input(input_shape, name="picture")
    height, width, _ = tower.input_shape[1:]
    # Averaged down by a whole factor first: bilinear resizing alone would leave pixels out.
    factor = max(1, min(input_shape[0] // height, input_shape[1] // width))
    x = layers.AveragePooling2D(factor, name="average")(inputs) if factor > 1 else inputs
    if x.shape[1:3] != (height, width):
        x = layers.Resizing(height, width, name="resize")(x)
    return keras.Model(inputs, tower(x), name="resized")


def joined_tower(
    input_shape: tuple[int, int, int],
    backbone: keras.Model,
    components: Components,
    *,
    shares: Mapping[str, float],
    head: keras.Model,
    posterior: keras.Model | None = None,
    own: keras.Model | None = None,
    whitening: Components | None = None,
    tuned: keras.Model | None = None,
) -> keras.Model:
    """Build the tower of a run from its parts, as one graph.

    Args:
        input_shape: (side, side, channels); grey pictures are shown to the backbone as RGB.
        backbone: pictures (side, side, 3) to features (n,).
        components: of those features.
        shares: "raw", "whitened", "features", "head", "posterior", "tuned" and "own": the weight of
            each part's squared distance, 0 = left out; they sum to 1.
        head: components to a unit embedding.
        posterior: features to a unit embedding, see `siam.siamese.class_posterior`.
        own: pictures of `input_shape` to a unit embedding.
        whitening: of features of unit length, see `siam.siamese.whitening`.
        tuned: maps at the backbone's cut to a unit embedding, see `siam.siamese.backbone_cut`; the
            layers below are passed once.

    Returns:
        A Functional model, float32 (m, side, side, channels) in 0 to 255 to unit embeddings.
    """
    inputs = keras.Input(input_shape, name="picture")
    colour = inputs if input_shape[2] == 3 else layers.Concatenate(name="rgb")([inputs] * 3)
    raw, *maps = keras.tree.flatten((backbone if tuned is None else with_maps(backbone))(colour))
    features = components.layer(raw, name="components")
    parts: dict[str, Tensor] = {
        "raw": unit_length(raw, name="raw_length"),
        "features": unit_length(features, name="features_length"),
        "head": head(features),
    }
    if posterior is not None:
        parts["posterior"] = posterior(raw)
    if whitening is not None:
        whitened = whitening.layer(parts["raw"], name="whitening")
        parts["whitened"] = unit_length(whitened, name="whitened_length")
    if tuned is not None:
        parts["tuned"] = tuned(*maps)
    if own is not None:
        parts["own"] = own(inputs)
    shown = [
        layers.Rescaling(float(np.sqrt(share)), name=f"{part}_share")(parts[part])
        for part, share in shares.items()
        if share
    ]
    joined = ops.concatenate(shown, axis=-1) if len(shown) > 1 else shown[0]
    return keras.Model(inputs, unit_length(joined, name="embedding"), name=TOWER)


@dataclass(frozen=True)
class TowerParts:
    """What a tower was joined from, without its class posterior, which is fitted anew each time.

    Attributes:
        own: siam's own tower, from pictures of the joined one's size; None where it is not in it.
        backbone, components: what features come from, and what is made of them.
        head: components to a unit embedding; None where it is not in the tower.
        whitening: of features of unit length; None where it is not in the tower.
        tuned: maps to a unit embedding; None where it is not in the tower.
    """

    own: keras.Model | None = None
    backbone: keras.Model | None = None
    components: Components | None = None
    head: keras.Model | None = None
    whitening: Components | None = None
    tuned: keras.Model | None = None


def take_apart(tower: keras.Model) -> TowerParts:
    """Return the parts of what `joined_tower` built; any other tower is siam's own alone.

    Of that one what was trained is returned, without what was put around or beside it.
    """
    maps = {
        one.name: Components(*one.get_weights())
        for one in tower.layers
        if one.name in ("components", "whitening")
    }
    models = {one.name: one for one in tower.layers if isinstance(one, keras.Model)}
    if "components" not in maps:
        return take_apart(models[TOWER]) if TOWER in models else TowerParts(own=tower)
    own, head = models.pop("resized", None), models.pop(TOWER, None)
    tuned, _ = models.pop("tuned", None), models.pop("posterior", None)
    [backbone] = models.values()
    if tuned is not None:  # beside which it gives maps too
        backbone = keras.Model(backbone.input, backbone.outputs[0], name=backbone.name)
    return TowerParts(own, backbone, maps["components"], head, maps.get("whitening"), tuned)
