"""Draw a Siamese network: two pictures, one shared tower, one distance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siam.siamese.network import tower_of

if TYPE_CHECKING:
    import keras
    from matplotlib.axes import Axes

__all__ = ["draw_network", "tower_rows"]

# Layers that say nothing of the structure on their own.
MINOR = ("Activation", "BatchNormalization", "ReLU", "Rescaling", "InputLayer", "Dropout")
MOST_ROWS = 16


def tower_rows(tower: keras.Model) -> list[tuple[str, str]]:
    """Return what a tower is made of: (layer, output shape), the minor layers left out.

    Args:
        tower: picture to embedding.
    """
    rows = [
        (layer.name.replace("_", " "), " × ".join(str(side) for side in layer.output.shape[1:]))
        for layer in plain_layers(tower)
        if type(layer).__name__ not in MINOR
    ]
    if len(rows) > MOST_ROWS:
        half = MOST_ROWS // 2
        rows = [*rows[:half], (f"… {len(rows) - 2 * half} more …", ""), *rows[-half:]]
    return rows


def plain_layers(model: keras.Model) -> list[Any]:
    """Return a model's layers in order, those of models inside it among them."""
    layers: list[Any] = []
    for layer in model.layers:
        layers += plain_layers(layer) if hasattr(layer, "layers") else [layer]
    return layers


def draw_network(axes: Axes, network: keras.Model) -> None:
    """Draw the network's two branches, its shared tower and its distance.

    Args:
        axes: where to draw; its frame is switched off.
        network: the two-input Siamese network.
    """
    tower = tower_of(network)
    rows = tower_rows(tower)
    axes.set_axis_off()
    axes.set_xlim(0, 10)
    axes.set_ylim(-3.2, len(rows) + 3.4)
    top = len(rows) + 2.4
    box = {"boxstyle": "round,pad=0.35", "facecolor": "#e8eef7", "edgecolor": "#4a6fa5"}
    arrow = {"arrowstyle": "->", "color": "#4a6fa5"}
    shape = " × ".join(str(side) for side in tower.input_shape[1:])
    for x, name in ((2.5, "left"), (7.5, "right")):
        axes.text(x, top, f"{name} picture\n{shape}", ha="center", va="center", bbox=box)
        axes.annotate("", (5 + (x - 5) * 0.5, len(rows) + 0.8), (x, top - 0.7), arrowprops=arrow)
        axes.annotate("", (x, -1.2), (5 + (x - 5) * 0.5, -0.3), arrowprops=arrow)
        axes.text(x, -1.5, f"embedding, {tower.output_shape[-1]} numbers", ha="center", va="center")
        axes.annotate("", (5 + (x - 5) * 0.2, -2.5), (x, -1.8), arrowprops=arrow)
    lines = "\n".join(f"{name:<24}{size:>16}" for name, size in rows)
    title = f"one shared tower, {tower.count_params():,} weights"
    axes.text(5, len(rows) + 0.95, title, ha="center", va="bottom", weight="bold")
    axes.text(
        5, len(rows) / 2 + 0.25, lines, ha="center", va="center", family="monospace", bbox=box
    )
    axes.text(
        5, -2.8, "Euclidean distance, 0 to 2, smaller = closer", ha="center", va="center", bbox=box
    )
