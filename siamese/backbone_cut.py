"""Where a backbone is cut, so that its upper layers can be fine-tuned on what the lower ones see.

Behind a cut everything is computed from what comes out there alone: the maps of a picture. They are
computed once, and each step of a training begins with them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import keras

from siam.array_types import Tensor
from siam.siamese.step_time import layer_work

if TYPE_CHECKING:
    from siam.siamese.pretrained_tower import Components

__all__ = ["copy_trainable", "copy_upper", "find_cut", "tuned_tower", "with_maps"]

# Of a backbone's multiply-adds, what lies above the cut at most: of EfficientNet-Lite0 the last
# block. A fifth of them gained no more in the same time (docs/measurements.md).
MOST_SHARE = 1 / 7


def find_cut(backbone: keras.Model) -> Tensor | None:
    """Return the maps that a backbone is cut behind; None where it cannot be cut.

    They have a seventh of the multiply-adds above them at most, and weights at all; of those that
    could be they are the smallest, of equals the lowest.

    Args:
        backbone: pictures (side, side, 3) to features (n,).

    Returns:
        Symbolic, (None, height, width, channels).

    Example:
        >>> picture = keras.Input((8, 8, 3))
        >>> below = keras.layers.Conv2D(4, 3, strides=2)(picture)
        >>> above = keras.layers.Conv2D(4, 1)(below)
        >>> cut = find_cut(keras.Model(picture, keras.layers.GlobalAveragePooling2D()(above)))
        >>> cut is below
        True
    """
    operations = getattr(backbone, "operations", [])
    places = {id(one.output): place for place, one in enumerate(operations)}
    works = [layer_work(one) for one in operations]
    found: Tensor | None = None
    lowest = len(operations)  # of those that what lies above is computed from
    needed, above = backbone.outputs, 0
    for place, one in reversed(list(enumerate(operations))):
        # What is used twice gives more than its first output, of which nothing is known.
        if not all(id(tensor) in places for tensor in needed):
            return None
        lowest = min([lowest, *(places[id(tensor)] for tensor in needed)])
        if above > MOST_SHARE * sum(works):
            break
        if lowest == place and above and is_map(one.output):
            found = one.output if found is None else smaller(one.output, found)
        needed, above = keras.tree.flatten(one.input), above + works[place]
    return found


def smaller(lower: Tensor, higher: Tensor) -> Tensor:
    """Return the smaller of two maps, of equals the lower."""
    return min(lower, higher, key=lambda maps: math.prod(maps.shape[1:]))


def is_map(tensor: Tensor) -> bool:
    """Say whether a symbolic tensor has a height, a width and channels."""
    shape = getattr(tensor, "shape", ())
    return len(shape) == 4 and None not in shape[1:]


def with_maps(backbone: keras.Model) -> keras.Model:
    """Return a backbone that gives its features and the maps that it is cut behind.

    Args:
        backbone: pictures to features, one that can be cut; its layers are shared.
    """
    outputs = [backbone.outputs[0], find_cut(backbone)]
    return keras.Model(backbone.input, outputs, name=backbone.name)


def copy_upper(backbone: keras.Model) -> keras.Model:
    """Return a copy of what lies above a backbone's cut, maps to features, that can be trained.

    Its batch normalisations keep the statistics that they have: those of a small batch are worse
    (docs/measurements.md).

    Args:
        backbone: pictures to features, one that can be cut; stays as it is.
    """
    return copy_trainable(keras.Model(find_cut(backbone), backbone.outputs[0], name="upper"))


def copy_trainable(model: keras.Model) -> keras.Model:
    """Return a copy of a model, of the same weights, that can be trained but for its statistics."""
    copy = keras.models.clone_model(model, clone_function=copy_layer)
    copy.set_weights(model.get_weights())
    return copy


def copy_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
    """Return a layer of the same kind and form, to be trained unless it normalises batches."""
    copy = type(layer).from_config(layer.get_config())
    copy.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    return copy


def tuned_tower(
    backbone: keras.Model, components: Components, head: keras.Model, *, name: str = "tuned"
) -> keras.Model:
    """Put a copy of the upper layers under a copy of a trained head, to be trained on together.

    Args:
        backbone: pictures to features, one that can be cut; stays as it is.
        components: of its features; stay as they are.
        head: components to a unit embedding; stays as it is.
        name: name of the model.

    Returns:
        A Functional model, maps (m, height, width, channels) to unit embeddings.
    """
    upper = copy_upper(backbone)
    maps = keras.Input(upper.input_shape[1:], name="maps")
    rows = components.layer(upper(maps), name="tuned_components")
    projection = copy_trainable(keras.Model(head.input, head.output, name="tuned_head"))
    return keras.Model(maps, projection(rows), name=name)
