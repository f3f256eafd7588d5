"""Show a run's network and what it learned from: summaries, and one picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from siam.array_types import Pictures
from siam.datasets.sampling import sample_pairs
from siam.engine.answers.outputs import check_output
from siam.progress import Progress, silent
from siam.run_files import CONFIG_FILE, HELD_OUT_FILE, NETWORK_FILE
from siam.runs.config import load_config
from siam.runs.held_out import load_held_out
from siam.runs.manifest import verify_files
from siam.training.native_logs import quiet_native_logs

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from siam.datasets.dataset import Split

__all__ = ["Shown", "show_run"]

SAMPLES = 24
PAIRS = 8


@dataclass(frozen=True)
class Shown:
    """What `siam show` prints.

    Attributes:
        tower: Keras' summary of the tower.
        network: Keras' summary of the two-input network.
        picture: the PNG that was written.
    """

    tower: str
    network: str
    picture: Path


def show_run(run: Path, picture: Path, *, seed: int = 0, progress: Progress = silent) -> Shown:
    """Summarise a run's network and draw samples, pairs and the network into one PNG.

    Args:
        run: a finished run's folder.
        picture: where the PNG goes.
        seed: which samples and pairs are drawn.
        progress: told of the work.

    Raises:
        RunError: a file of the run is missing or damaged.
        UsageError: `picture` lies in a run.
    """
    check_output(picture)
    verify_files(run, [CONFIG_FILE, NETWORK_FILE, HELD_OUT_FILE])
    with quiet_native_logs(progress):
        from siam.siamese.network import load_network, tower_of

        network = load_network(run / NETWORK_FILE)
    config = load_config(run)
    validation, _ = load_held_out(run, classes=len(config.classes))
    progress("Drawing", 0, 0)
    draw(picture, network, validation, config.classes, seed)
    return Shown(summary(tower_of(network), nested=True), summary(network), picture)


def summary(model: object, *, nested: bool = False) -> str:
    """Return Keras' summary of a model as text, `nested` with the models inside it in full."""
    lines: list[str] = []
    model.summary(  # type: ignore[attr-defined]
        print_fn=lambda line, **_: lines.append(line), line_length=90, expand_nested=nested
    )
    return "\n".join(lines)


def draw(path: Path, network: object, split: Split, classes: tuple[str, ...], seed: int) -> None:
    """Draw samples with their labels, pairs with theirs, and the network's diagram."""
    from matplotlib.figure import Figure

    from siam.siamese.diagram import draw_network

    figure = Figure(figsize=(12, 11), layout="constrained")
    # Matplotlib's annotations say one sub-figure where there is an array of them.
    halves: Any = figure.subfigures(2, 1, height_ratios=(1, 1))
    above, below = halves
    left, right = above.subfigures(1, 2)
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(split))[:SAMPLES]
    left.suptitle("Pictures and their labels")
    for axes, position in zip(left.subplots(4, 6).flat, chosen, strict=False):
        show_picture(axes, split.pictures[position], classes[split.labels[position]])
    right.suptitle("Pairs and their labels: 1 = same class, 0 = different")
    first, second, same = sample_pairs(split.labels, PAIRS, seed=seed)
    grid = right.subplots(4, 4).reshape(PAIRS, 2)
    for (one, two), i, j, label in zip(grid, first, second, same, strict=True):
        show_picture(one, split.pictures[i], f"label {label}")
        show_picture(two, split.pictures[j], "")
    for axes in (*left.axes, *right.axes):
        axes.set_axis_off()
    draw_network(below.subplots(), network)
    figure.savefig(path, dpi=110)


def show_picture(axes: Axes, picture: Pictures, title: str) -> None:
    """Draw one picture with a title above it."""
    axes.imshow(picture.squeeze(), cmap="gray", vmin=0, vmax=255)
    axes.set_title(title, fontsize=9)
