"""Make the run that ships with siam from a run of one's own, trained on MNIST.

    siam train mnist --name digits
    python scripts/bundle_digits.py digits runs/bundled/digits.siam

Its encoder in 8 bits; in place of its gallery thirty prototypes of each class; calibrated anew by
the validation digits against those; and the figures of the test digits, scored once. A prototype is
the training digit nearest to the centre of a cluster of its class. Half of the clusters are left
out, the smallest, which hold what is written or labelled oddly.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np

from siam.array_types import Integers, Vectors
from siam.atomic import write_json
from siam.engine.calibrate import calibrate, embed_run, measure_run, summarise_run
from siam.engine.open_run import OpenRun, open_run
from siam.engine.pack import pack_run
from siam.index.gallery import Gallery
from siam.pictures.thumbnail import decode_thumbnail
from siam.run_files import (
    CONFIG_FILE,
    ENCODER_FILE,
    HELD_OUT_FILE,
    INDEX_FOLDER,
    METRICS_FILE,
    NETWORK_FILE,
)
from siam.runs.config import save_config
from siam.runs.manifest import write_manifest
from siam.siamese.encoder import open_encoder
from siam.siamese.interchange import write_litert_int8
from siam.siamese.network import load_network, tower_of

# Of each class: clusters, and the largest of them that give a prototype. Chosen by the validation
# digits: 10 to 30 prototypes differ by less than 0.1 points; all clusters of 30 lose 0.2.
CLUSTERS, PROTOTYPES = 60, 30


def prototypes(vectors: Vectors, *, seed: int) -> Integers:
    """Return the rows of a class's vectors that stand for it, ascending."""
    from sklearn.cluster import KMeans

    found = KMeans(CLUSTERS, n_init=1, random_state=seed).fit(vectors)
    largest = np.argsort(-np.bincount(found.labels_, minlength=CLUSTERS), kind="stable")
    centres = found.cluster_centers_[largest[:PROTOTYPES]]
    distances = np.linalg.norm(vectors[None] - centres[:, None], axis=2)
    return np.unique(distances.argmin(axis=1))


def choose(run: OpenRun) -> Integers:
    """Return the ids of a run's prototypes, class by class."""
    gallery = run.gallery
    ids = gallery.select("split=train")
    labels = np.array(gallery.labels_of(ids))
    return np.concatenate(
        [
            ids[labels == name][prototypes(gallery.vectors_of(ids[labels == name]), seed=0)]
            for name in run.config.classes
        ]
    )


def fill(folder: Path, run: OpenRun, ids: Integers) -> None:
    """Index pictures of a run, embedded by the encoder of the run in the making."""
    gallery, encoder = run.gallery, open_encoder(folder)
    thumbnails = gallery.thumbnails(ids)
    pictures = np.stack([decode_thumbnail(png) for png in thumbnails if png])
    items = gallery.items(ids)
    with Gallery.create(folder / INDEX_FOLDER, dim=encoder.dim, encoder_hash=encoder.hash) as made:
        made.add(
            encoder.encode(pictures),
            keys=[item.key for item in items],
            labels=gallery.labels_of(ids),
            splits="train",
            hashes=[hashlib.sha256(picture.tobytes()).hexdigest() for picture in pictures],
            thumbnails=thumbnails,
        )


def judge(folder: Path, run: OpenRun) -> None:
    """Calibrate and score the run in the making by the held-out pictures of the other."""
    encoder, config = open_encoder(folder), run.config
    shutil.copyfile(run.path / HELD_OUT_FILE, folder / HELD_OUT_FILE)
    with Gallery.open(folder / INDEX_FOLDER, encoder_hash=encoder.hash) as gallery:
        embedded = embed_run(folder, config, encoder, gallery)
        calibration = calibrate(embedded, folder, config, encoder, gallery)
        made = OpenRun(folder, config, encoder, calibration, gallery)
        summary = summarise_run(made, embedded, measure_run(made, embedded))
    (folder / HELD_OUT_FILE).unlink()
    write_json(folder / METRICS_FILE, summary)
    print(summary["verdict"])


def bundle(
    run: OpenRun, target: Path, *, source: str, finish: Callable[[Path, OpenRun], object]
) -> None:
    """Write a packed run, which is called as its file.

    Args:
        run: what was trained.
        target: the file.
        source: what it was trained on, in words. Where that stood is nobody else's business.
        finish: fills and judges the folder, which holds the configuration and the encoder.
    """
    with tempfile.TemporaryDirectory() as shelf:
        folder = Path(shelf) / target.stem
        folder.mkdir()
        # Whose index it becomes has folders of its own depth.
        data = msgspec.structs.replace(
            run.config.data, data_dir=None, dataset=source, classes_from=None
        )
        save_config(folder, dataclasses.replace(run.config, name=source, source=source, data=data))
        write_litert_int8(tower_of(load_network(run.path / NETWORK_FILE)), folder / ENCODER_FILE)
        finish(folder, run)
        write_manifest(folder)
        target.unlink(missing_ok=True)
        pack_run(str(folder), target)
    print(f"{target}: {target.stat().st_size:,} bytes")


def finish_digits(folder: Path, run: OpenRun) -> None:
    """Index the prototypes, and judge the run by them."""
    fill(folder, run, choose(run))
    judge(folder, run)


def main(description: str, source: str, finish: Callable[[Path, OpenRun], object]) -> None:
    """Bundle the run that the command line names."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", help="a trained run, by name or path")
    parser.add_argument("target", type=Path, help="the file to write, which ends in .siam")
    chosen = parser.parse_args()
    with open_run(chosen.run, also=(HELD_OUT_FILE, NETWORK_FILE, CONFIG_FILE)) as opened:
        bundle(opened, chosen.target, source=source, finish=finish)


if __name__ == "__main__":
    main(str(__doc__), "mnist", finish_digits)
