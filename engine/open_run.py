"""An opened run: its encoder, its calibration and its index, checked to belong together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from siam.errors import RunError, StoreError, UsageError
from siam.evaluation.calibration import Calibration, read_calibration
from siam.index.gallery import Gallery
from siam.index.stores.milvus_connection import WAIT
from siam.run_files import CALIBRATION_FILE, CONFIG_FILE, ENCODER_FILE, INDEX_FOLDER, NETWORK_FILE
from siam.runs.bundled_run import BUNDLED_NOTICE, find_answering_run
from siam.runs.chosen_store import choose_store
from siam.runs.config import RunConfig, load_config
from siam.runs.manifest import verify_files
from siam.runs.pack import is_cached
from siam.siamese.encoder import Encoder, open_encoder

__all__ = ["OpenRun", "open_encoder_of", "open_run"]


@dataclass(frozen=True)
class OpenRun:
    """A run that is ready to answer; a context manager that closes its index.

    Attributes:
        path: its folder.
        config: its configuration.
        encoder: pictures to embeddings.
        calibration: what distances mean.
        gallery: its index.
    """

    path: Path
    config: RunConfig
    encoder: Encoder
    calibration: Calibration
    gallery: Gallery

    @property
    def name(self) -> str:
        """The run's name."""
        return self.path.name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.gallery.close()


def open_encoder_of(
    name: str | None, *, also: Iterable[str] = ()
) -> tuple[Path, RunConfig, Encoder]:
    """Open a run's encoder alone: (folder, configuration, encoder); its index may be missing.

    Args:
        name: a run's name or path; the newest finished run when left out, and while there is none,
            the bundled digits, if they hold all that is read.
        also: further files of the run that the caller is going to read.

    Raises:
        RunError: no such run, a file of it is missing or not what training wrote, or the encoder
            takes other pictures than the configuration prepares.
    """
    path, bundled = find_answering_run(name, also)
    network = ENCODER_FILE if (path / ENCODER_FILE).exists() else NETWORK_FILE
    verify_files(path, dict.fromkeys([CONFIG_FILE, ENCODER_FILE, network, *also]))
    config, encoder = load_config(path), open_encoder(path)
    prepared = (*config.preparation.size, config.preparation.channels)
    if encoder.picture_shape != prepared:
        raise RunError(
            f"The encoder of {path} takes pictures of shape {encoder.picture_shape}, its "
            f"{CONFIG_FILE} prepares {prepared}.",
            "Copy the run back from where it was whole, or train it again.",
        )
    if bundled:
        encoder.notice = BUNDLED_NOTICE
    return path, config, encoder


def open_run(
    name: str | None = None,
    *,
    read_only: bool = True,
    also: Iterable[str] = (),
    store: str | None = None,
    patience: float = WAIT,
) -> OpenRun:
    """Open a run without importing TensorFlow.

    Args:
        name: as for `open_encoder_of`.
        read_only: leave its index as it is; False to add to it.
        also: further files of the run that the caller is going to read.
        store: the address of a gallery on a server, milvus://HOST:PORT/COLLECTION, to be asked in
            place of the run's own index, which may be missing; "local" for its own index; left out,
            what `siam index use` chose for this run.
        patience: seconds that such a server may be away.

    Raises:
        RunError: no such run, or one of its files is missing or not what training wrote.
        StoreError: its index is damaged or was filled by another encoder.
        UsageError: a packed run, whose index is not written to.
    """
    path, config, encoder = open_encoder_of(name, also=[CALIBRATION_FILE, *also])
    calibration = read_calibration(path / CALIBRATION_FILE)
    if address := choose_store(path, store):
        from siam.index.remote_gallery import RemoteGallery

        there = RemoteGallery.connect(
            address,
            dim=encoder.dim,
            encoder_hash=encoder.hash,
            read_only=read_only,
            patience=patience,
        )
        return OpenRun(path, config, encoder, calibration, there)
    if is_cached(path):
        if not read_only:
            raise UsageError(
                "A packed run's index is not written to.", "Unpack it:  siam runs unpack FILE"
            )
        # A pack holds no vector store, which is made from the catalogue once.
        with Gallery.open(path / INDEX_FOLDER, encoder_hash=encoder.hash) as copy:
            copy.catch_up()
    gallery = Gallery.open(path / INDEX_FOLDER, encoder_hash=encoder.hash, read_only=read_only)
    if gallery.dim != encoder.dim:
        gallery.close()
        raise StoreError(
            f"The index of {path} holds vectors of {gallery.dim} numbers, its encoder gives "
            f"{encoder.dim}.",
            f"Delete {path / INDEX_FOLDER} and fill it again with `siam index sync FOLDER`.",
        )
    return OpenRun(path, config, encoder, calibration, gallery)
