"""Draw the pictures of the docs that the project's own functions make.

    .venv/bin/python scripts/draw_docs.py

`docs/tutorial/siamese.png` is the network that `siam show` draws, of siam's own small tower.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt

from siam.siamese.diagram import draw_network
from siam.siamese.network import siamese_network
from siam.siamese.towers import small_tower

DOCS = Path(__file__).resolve().parent.parent / "docs"


def main() -> None:
    """Draw the Siamese network, white behind it in either theme."""
    figure, axes = plt.subplots(figsize=(8, 7))
    draw_network(axes, siamese_network(small_tower((28, 28, 1), 64)))
    figure.savefig(DOCS / "tutorial" / "siamese.png", dpi=110, bbox_inches="tight")


if __name__ == "__main__":
    main()
