"""The Siamese network: two inputs, one shared tower, the distance between its two embeddings.

Bromley et al., "Signature Verification using a 'Siamese' Time Delay Neural Network" (1993);
Hadsell, Chopra and LeCun, "Dimensionality Reduction by Learning an Invariant Mapping" (2006).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from siam.errors import RunError
from siam.training.keras_file import load_model

if TYPE_CHECKING:
    import keras

__all__ = ["TOWER", "euclidean_distance", "load_network", "siamese_network", "tower_of"]

TOWER = "tower"
# Below this squared distance the square root's slope would overflow; 1e-6 of distance is nothing.
SMALLEST_SQUARE = 1e-12


def euclidean_distance(left: Any, right: Any) -> Any:
    """Return the Euclidean distance of embeddings, row by row.

    Args:
        left: tensor of shape (batch, dim), unit rows.
        right: tensor of shape (batch, dim), unit rows.

    Returns:
        Tensor of shape (batch, 1), 0 to 2, smaller = closer. Its gradient is finite everywhere.
    """
    from keras import ops

    squares = ops.sum(ops.square(ops.subtract(left, right)), axis=-1, keepdims=True)
    return ops.sqrt(ops.maximum(squares, SMALLEST_SQUARE))


def siamese_network(tower: keras.Model) -> keras.Model:
    """Build the Functional model `[left, right] -> distance` over one shared tower.

    Both branches are the same layers called twice, so that what one learns the other knows.

    Args:
        tower: picture (height, width, channels), float32 in 0 to 255, to unit embedding (dim,).

    Returns:
        keras.Model of inputs "left" and "right" and output `(batch, 1)`, 0 to 2, smaller = closer.

    Example:
        >>> from siam.siamese.towers import small_tower
        >>> network = siamese_network(small_tower((28, 28, 1), 64))
        >>> network.output_shape
        (None, 1)
    """
    import keras

    left = keras.Input(tower.input_shape[1:], name="left")
    right = keras.Input(tower.input_shape[1:], name="right")
    return keras.Model([left, right], euclidean_distance(tower(left), tower(right)), name="siamese")


def tower_of(network: keras.Model) -> keras.Model:
    """Return the tower that the two branches of a Siamese network share."""
    return network.get_layer(TOWER)


def load_network(path: Path) -> keras.Model:
    """Load a Siamese network from its `.keras` file, in safe mode and without its optimizer.

    Raises:
        RunError: the file is missing or is no Siamese network.
    """
    try:
        network = load_model(path)
        tower_of(network)
    except (FileNotFoundError, ValueError) as error:
        raise RunError(
            f"{path}: not a network that can be loaded ({error}).",
            "Train the run again, or copy it back from where it was whole.",
        ) from error
    return network
