"""The pictures that a run was never trained on, kept in the run to judge it by.

Kept whole, so that a folder that changes after training can never slip training pictures into
the test, and a run can be judged where its data set is not.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from siam.atomic import replacing
from siam.datasets.dataset import Split
from siam.errors import RunError
from siam.run_files import HELD_OUT_FILE

if TYPE_CHECKING:
    from siam.datasets.dataset import Dataset

__all__ = ["load_held_out", "save_held_out"]

# Enough for every figure's interval; a larger split is cut by a seeded draw.
MOST_PICTURES = 20_000


def save_held_out(folder: Path, dataset: Dataset, *, seed: int) -> None:
    """Keep the validation and the test split of a data set.

    Args:
        folder: the run's folder.
        dataset: what it is trained on.
        seed: which pictures are kept of a split of more than 20,000.
    """
    content: dict[str, Any] = {}
    for name, split in (("validation", dataset.validation), ("test", dataset.test)):
        kept = split
        if len(split) > MOST_PICTURES:
            rng = np.random.default_rng(seed)
            kept = split.take(np.sort(rng.permutation(len(split))[:MOST_PICTURES]))
        content[f"{name}_pictures"] = kept.pictures
        content[f"{name}_labels"] = kept.labels
        content[f"{name}_origins"] = np.array(kept.origins, dtype=np.str_)
    with replacing(folder / HELD_OUT_FILE) as temporary, temporary.open("wb") as target:
        np.savez_compressed(target, **content)


def load_held_out(folder: Path) -> tuple[Split, Split]:
    """Return a run's (validation, test).

    Raises:
        RunError: the file is missing or damaged.
    """
    path = folder / HELD_OUT_FILE
    try:
        with np.load(path, allow_pickle=False) as content:
            validation, test = (
                Split(
                    content[f"{name}_pictures"],
                    content[f"{name}_labels"],
                    tuple(content[f"{name}_origins"].tolist()),
                )
                for name in ("validation", "test")
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise RunError(
            f"{path} cannot be read ({error}).",
            "Copy it back from where it was whole, or train the run again.",
        ) from error
    return validation, test
