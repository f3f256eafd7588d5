"""A tower as a list of plain steps and their weights, which a page of JavaScript can take.

    scale factor offset                     x * factor + offset
    conv kernel strides same relu           HWIO weights, bias; "same" pads as TensorFlow does
    affine                                  x * weight + bias for each channel: batch normalisation
    relu
    pool size strides same                  the largest
    dense relu                              weights (inputs, outputs), bias
    unit                                    to unit length
    members                                 several such lists on one picture, joined
    views                                   such a list on a picture and moved copies: their mean

What is exported is believed only after it answered as Keras does: `answer_steps` is that answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from siam.array_types import Pictures, Vectors
from siam.errors import UsageError

if TYPE_CHECKING:
    import keras

__all__ = ["TowerSteps", "answer_steps", "take_steps"]

# What `siam.siamese.unit_length` is made of; it ends in `Multiply`.
UNIT_LENGTH = {"Cast", "Square", "Sum", "Maximum", "Rsqrt", "Multiply"}
# What does nothing once training is over.
IDLE = {"InputLayer", "SpatialDropout2D", "Flatten"}
# Around towers in a tower: of several members, and of the views of one.
MEMBERS = {"InputLayer", "Functional", "Concatenate", *UNIT_LENGTH}
VIEWS = {*MEMBERS, "Pad", "GetItem", "Reshape", "Mean"}
SMALLEST_SQUARE = 1e-12


@dataclass(frozen=True)
class TowerSteps:
    """A tower's steps, in order.

    Attributes:
        steps: each a dict of "op" and its plain values; "weights" and "bias" are (place, shape) of
            numbers in `weights`.
        weights: float32 (n,), all of them one after the other.
        shape: (height, width, channels) of a picture.
        dim: length of an embedding.
    """

    steps: Sequence[Mapping[str, Any]]
    weights: Vectors
    shape: tuple[int, int, int]
    dim: int


class Shelf:
    """The weights of all steps in one row."""

    def __init__(self) -> None:
        self.rows: list[Vectors] = []
        self.length = 0

    def put(self, values: Any) -> list[Any]:
        """Add numbers; return where they stand and their shape."""
        array = np.asarray(values, np.float32)
        place = [self.length, list(array.shape)]
        self.rows.append(array.ravel())
        self.length += array.size
        return place


def take_steps(tower: keras.Model) -> TowerSteps:
    """Return a tower's steps.

    Args:
        tower: pictures, float32 (n, height, width, channels), 0 to 255, to (n, dim) unit rows.

    Raises:
        UsageError: it is made of more than siam's own towers are.

    Example:
        >>> from siam.siamese.towers import small_tower
        >>> [step["op"] for step in take_steps(small_tower((28, 28, 1), 64)).steps][:2]
        ['scale', 'conv']
    """
    shelf = Shelf()
    steps = steps_of(tower, shelf)
    height, width, channels = tower.input_shape[1:]
    weights = np.concatenate(shelf.rows)
    return TowerSteps(steps, weights, (height, width, channels), int(tower.output_shape[-1]))


def steps_of(tower: keras.Model, shelf: Shelf) -> list[dict[str, Any]]:
    """Return the steps of a tower, of its members' in turn, and of the one that views are of."""
    inner = [one for one in tower.operations if type(one).__name__ == "Functional"]
    kinds = {type(one).__name__ for one in tower.operations}
    if len(inner) > 1 and kinds <= MEMBERS:
        members = [steps_of(member, shelf) for member in inner]
        return [{"op": "members", "members": members}, {"op": "unit"}]
    if len(inner) == 1 and "Mean" in kinds and kinds <= VIEWS:
        return [{"op": "views", "steps": steps_of(inner[0], shelf)}, {"op": "unit"}]
    steps = []
    for one in tower.operations:
        kind = type(one).__name__
        if kind == "Multiply":
            steps.append({"op": "unit"})
        elif kind in STEPS:
            steps.append(STEPS[kind](one, shelf))
        elif kind not in IDLE | UNIT_LENGTH:
            raise UsageError(
                f"The run's tower has a {kind} layer, which --format web does not know.",
                "It takes siam's own towers; export this one with --format onnx.",
            )
    return steps


def scale_step(layer: Any, shelf: Shelf) -> dict[str, Any]:
    """Return what `Rescaling` does."""
    return {"op": "scale", "factor": float(layer.scale), "offset": float(layer.offset)}


def conv_step(layer: Any, shelf: Shelf) -> dict[str, Any]:
    """Return a convolution."""
    return {
        "op": "conv",
        "strides": list(layer.strides),
        "same": layer.padding == "same",
        "relu": is_relu(layer),
        "weights": shelf.put(layer.kernel),
        "bias": shelf.put(layer.bias if layer.use_bias else np.zeros(layer.filters)),
    }


def dense_step(layer: Any, shelf: Shelf) -> dict[str, Any]:
    """Return a dense layer."""
    return {
        "op": "dense",
        "relu": is_relu(layer),
        "weights": shelf.put(layer.kernel),
        "bias": shelf.put(layer.bias if layer.use_bias else np.zeros(layer.units)),
    }


def affine_step(layer: Any, shelf: Shelf) -> dict[str, Any]:
    """Return batch normalisation as it is once training is over."""
    weight = np.asarray(layer.gamma) / np.sqrt(np.asarray(layer.moving_variance) + layer.epsilon)
    bias = np.asarray(layer.beta) - np.asarray(layer.moving_mean) * weight
    return {"op": "affine", "weights": shelf.put(weight), "bias": shelf.put(bias)}


def pool_step(layer: Any, shelf: Shelf) -> dict[str, Any]:
    """Return a maximum pooling."""
    return {
        "op": "pool",
        "size": list(layer.pool_size),
        "strides": list(layer.strides),
        "same": layer.padding == "same",
    }


def is_relu(layer: Any) -> bool:
    """Tell whether a layer ends in a ReLU; any other activation is refused."""
    name = layer.activation.__name__
    if name not in ("relu", "linear"):
        raise UsageError(
            f"The run's tower has a {name} activation, which --format web does not know.",
            "It takes siam's own towers; export this one with --format onnx.",
        )
    return bool(name == "relu")


def relu_step(layer: Any, shelf: Shelf) -> dict[str, Any]:
    """Return a ReLU of its own."""
    return {"op": "relu"}


STEPS: dict[str, Callable[[Any, Shelf], dict[str, Any]]] = {
    "Rescaling": scale_step,
    "Conv2D": conv_step,
    "Dense": dense_step,
    "BatchNormalization": affine_step,
    "MaxPooling2D": pool_step,
    "ReLU": relu_step,
}


def answer_steps(tower: TowerSteps, pictures: Pictures) -> Vectors:
    """Take the steps in NumPy: uint8 (n, height, width, channels) to float32 (n, dim)."""
    return take(tower.steps, tower.weights, np.asarray(pictures, np.float32))


def take(steps: Sequence[Mapping[str, Any]], weights: Vectors, x: Vectors) -> Vectors:
    """Take steps on float32 pictures."""
    for step in steps:
        x = np.asarray(take_one(step, weights, x), np.float32)
    return x


def take_one(step: Mapping[str, Any], weights: Vectors, x: Vectors) -> Any:
    """Take one step."""

    def numbers(name: str) -> Vectors:
        place, shape = step[name]
        return weights[place : place + int(np.prod(shape))].reshape(shape)

    match step["op"]:
        case "scale":
            return x * step["factor"] + step["offset"]
        case "relu":
            return np.maximum(x, 0)
        case "affine":
            return x * numbers("weights") + numbers("bias")
        case "dense":
            out = x.reshape(len(x), -1) @ numbers("weights") + numbers("bias")
        case "pool":
            return windows(x, step["size"], step["strides"], step["same"], -np.inf).max((4, 5))
        case "conv":
            kernel = numbers("weights")
            seen = windows(x, kernel.shape[:2], step["strides"], step["same"], 0)
            out = np.tensordot(seen, kernel, axes=((3, 4, 5), (2, 0, 1))) + numbers("bias")
        case "members":
            return np.concatenate([take(one, weights, x) for one in step["members"]], axis=1)
        case "views":
            from siam.siamese.test_time_augmentation import MOVES

            framed = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
            height, width = x.shape[1:3]
            moved = [
                framed[:, 1 - down : 1 - down + height, 1 - right : 1 - right + width]
                for down, right in MOVES
            ]
            return np.mean([take(step["steps"], weights, one) for one in moved], axis=0)
        case _:  # unit
            squares = np.maximum((x**2).sum(axis=1, keepdims=True), SMALLEST_SQUARE)
            return x / np.sqrt(squares)
    return np.maximum(out, 0) if step["relu"] else out


def windows(
    x: Vectors, size: Sequence[int], strides: Sequence[int], same: bool, empty: float
) -> Vectors:
    """Return what each place of a convolution sees: (n, rows, columns, channels, *size)."""
    if same:
        wanted = [
            max((-(-side // by) - 1) * by + part - side, 0)
            for side, by, part in zip(x.shape[1:3], strides, size, strict=True)
        ]
        around = [(extra // 2, extra - extra // 2) for extra in wanted]
        x = np.pad(x, ((0, 0), *around, (0, 0)), constant_values=empty)
    seen = np.lib.stride_tricks.sliding_window_view(x, tuple(size), axis=(1, 2))
    return seen[:, :: strides[0], :: strides[1]]
