"""A folder of IDX files other than MNIST's own: Fashion-MNIST, EMNIST, KMNIST, one's own."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from siam.array_types import Pictures
from siam.datasets.assemble import assemble
from siam.datasets.dataset import Dataset, Split
from siam.datasets.idx import read_idx
from siam.errors import DataError
from siam.pictures.framing import look_like_mnist

__all__ = ["holds_idx", "load_idx_folder"]

PICTURES = re.compile(r"(?P<set>.*?)(?P<part>train|t10k|test)-images[-.]idx3-ubyte(\.gz)?")


def holds_idx(folder: Path) -> bool:
    """Whether files in `folder` are named as IDX pictures or labels are."""
    return any(
        re.search(r"-(images[-.]idx3|labels[-.]idx1)-ubyte(\.gz)?$", n) for n in _names(folder)
    )


def load_idx_folder(folder: Path, *, seed: int = 0) -> Dataset:
    """Load train-images-idx3-ubyte, train-labels-idx1-ubyte, and t10k- or test- where present.

    Names may end in .gz, begin with the set's name (emnist-letters-train-...), and have "."
    for the "-" before idx.

    Args:
        folder: of one set.
        seed: fixes the splits that the files do not make.

    Raises:
        DataError: a file is missing or damaged, pictures and labels do not fit, there are
            several sets, or what `assemble` refuses.
    """
    found: dict[str, Path] = {}
    for name in _names(folder):
        match = PICTURES.fullmatch(name)
        if match is None:
            continue
        part = "train" if match["part"] == "train" else "test"
        # The same file may be there packed and unpacked.
        if part in found and found[part].name.removesuffix(".gz") != name.removesuffix(".gz"):
            raise DataError(
                f"{folder} holds several IDX sets: {found[part].name} and {name}.",
                "Put each set in a folder of its own.",
            )
        found[part] = folder / name
    if "train" not in found:
        raise DataError(
            f"{folder} lacks train-images-idx3-ubyte (.gz or not).", "Add it to the folder."
        )
    raw = {part: _read_part(path) for part, path in found.items()}
    shapes = {part: pictures.shape[1:] for part, (pictures, _) in raw.items()}
    if len(set(shapes.values())) > 1:
        raise DataError(
            f"The pictures of {folder} must have one size, received {shapes['train']} to train "
            f"and {shapes['test']} to test.",
            "Use the files of one set.",
        )
    names = np.unique(np.concatenate([labels for _, labels in raw.values()]))
    splits = {
        part: Split(
            pictures[..., np.newaxis],
            np.searchsorted(names, labels).astype(np.int64),
            tuple(f"{folder.resolve().name}/{part}/{i}" for i in range(len(labels))),
        )
        for part, (pictures, labels) in raw.items()
    }
    chain = "digit" if look_like_mnist(splits["train"].pictures) else "photo"
    return assemble(
        name=folder.resolve().name,
        source=str(folder.resolve()),
        classes=tuple(str(label) for label in names),
        train=splits["train"],
        test=splits.get("test"),
        prepare=chain,
        seed=seed,
    )


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def _read_part(path: Path) -> tuple[Pictures, Pictures]:
    plain = path.name.removesuffix(".gz").replace("-images", "-labels").replace("idx3", "idx1")
    candidates = [path.with_name(plain), path.with_name(f"{plain}.gz")]
    beside = next((candidate for candidate in candidates if candidate.is_file()), None)
    if beside is None:
        raise DataError(
            f"{path} has no labels: {plain} (.gz or not) is missing.", "Add it to the folder."
        )
    pictures, labels = read_idx(path, dimensions=3), read_idx(beside, dimensions=1)
    if len(pictures) != len(labels):
        raise DataError(
            f"Each picture needs one label: {path.name} has {len(pictures)} pictures, "
            f"{beside.name} has {len(labels)} labels.",
            "Check that both are of the same set.",
        )
    if 0 in pictures.shape:
        raise DataError(
            f"{path} holds no pictures: its sizes are {pictures.shape}.", "Use another."
        )
    return pictures, labels
