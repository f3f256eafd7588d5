"""Draw a Siamese network: two pictures, one shared tower, one distance."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from siam.siamese.network import tower_of

if TYPE_CHECKING:
    import keras
    from matplotlib.axes import Axes

__all__ = ["draw_network", "tower_rows"]

# Layers that say nothing of the structure on their own.
MINOR = (
    *("Activation", "BatchNormalization", "ReLU", "Rescaling", "InputLayer", "Dropout"),
    *("Cast", "Square", "Sum", "Maximum", "Rsqrt"),
)
MOST_ROWS = 16
# What `ensemble_tower` calls them.
MEMBER = re.compile(r"member_\d+")


def tower_rows(tower: keras.Model) -> list[tuple[str, str]]:
    """Return what a tower is made of: (layer, output shape), the minor layers left out.

    Towers side by side are alike, so the first of them stands for all.

    Args:
        tower: picture to embedding.
    """
    rows = [
        (layer.name.replace("_", " "), " × ".join(str(side) for side in layer.output.shape[1:]))
        for layer in plain_layers(tower, skip=tower_members(tower)[1:])
        if type(layer).__name__ not in MINOR
    ]
    if len(rows) > MOST_ROWS:
        half = MOST_ROWS // 2
        rows = [*rows[:half], (f"… {len(rows) - 2 * half} more …", ""), *rows[-half:]]
    return rows


def tower_members(tower: keras.Model) -> list[Any]:
    """Return the towers that stand side by side in a tower; none where it is a single one."""
    members: list[Any] = []
    for layer in tower.layers:
        if hasattr(layer, "layers"):
            named = MEMBER.fullmatch(layer.name)
            members += [layer] if named else tower_members(layer)
    return members


def plain_layers(model: keras.Model, *, skip: Sequence[Any] = ()) -> list[Any]:
    """Return a model's layers in order, those of models inside it among them.

    Args:
        model: whose layers.
        skip: models inside it to leave out.
    """
    layers: list[Any] = []
    for layer in model.layers:
        if layer not in skip:
            layers += plain_layers(layer, skip=skip) if hasattr(layer, "layers") else [layer]
    return layers


def draw_network(axes: Axes, network: keras.Model) -> None:
    """Draw the network's two branches, its shared tower and its distance.

    Args:
        axes: where to draw; its frame is switched off.
        network: the two-input Siamese network.
    """
    tower = tower_of(network)
    axes.set_axis_off()
    axes.set_xlim(0, 10)
    axes.set_ylim(0, 10)
    frame = {"boxstyle": "round,pad=0.5", "facecolor": "#e8eef7", "edgecolor": "#4a6fa5"}

    def box(x: float, y: float, text: str, **style: Any) -> Any:
        return axes.text(x, y, text, ha="center", va="center", bbox=frame, **style)

    def arrow(start: Any, end: Any) -> None:
        # Clipped to the frames, so that it touches both however large their texts are.
        axes.annotate(
            "",
            end.get_position(),
            start.get_position(),
            arrowprops={
                "arrowstyle": "->",
                "color": "#4a6fa5",
                "patchA": start.get_bbox_patch(),
                "patchB": end.get_bbox_patch(),
            },
        )

    rows = "\n".join(f"{name:<24}{size:>16}" for name, size in tower_rows(tower))
    titles = [f"one shared tower, {tower.count_params():,} weights"]
    if members := tower_members(tower):
        titles.append(f"{len(members)} like this side by side")
    title = "\n".join(f"{line:^40}" for line in titles)
    shared = box(5, 5.6, f"{title}\n\n{rows}", family="monospace")
    distance = box(5, 0.6, "Euclidean distance, 0 to 2, smaller = closer")
    shape = " × ".join(str(side) for side in tower.input_shape[1:])
    for x, name in ((2.0, "left"), (8.0, "right")):
        picture = box(x, 9.4, f"{name} picture\n{shape}")
        embedding = box(x, 1.9, f"{name} embedding\n{tower.output_shape[-1]} numbers")
        arrow(picture, shared)
        arrow(shared, embedding)
        arrow(embedding, distance)
