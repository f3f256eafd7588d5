"""Push what `siam embed` wrote to a server: a gallery that no index of this machine's holds.

The file's pictures become a gallery in the user's cache first, and stay there until the server has
all of them: a push that was cut short finds it again, and goes on from where it was.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from siam.atomic import sha256
from siam.engine.embedding.embedding_reading import read_embeddings, read_facts
from siam.engine.open_run import open_encoder_of
from siam.errors import DataError, StoreError
from siam.index.gallery import Gallery
from siam.index.push import Pushed, push
from siam.index.stores.milvus_address import parse_address
from siam.index.stores.milvus_connection import MilvusConnection
from siam.index.stores.milvus_kinds import check_kind
from siam.progress import Progress, silent
from siam.siamese.encoder import Encoder

__all__ = ["push_embeddings"]


def push_embeddings(
    run: Path,
    embeddings: Path,
    address: str,
    *,
    kind: str | None = None,
    replace: bool = False,
    progress: Progress = silent,
) -> Pushed:
    """Make a store on a server hold the pictures whose embeddings a file holds.

    Args:
        run: the folder of the run by whose encoder they were embedded.
        embeddings: .npz or .parquet, as `siam embed` writes them.
        address, kind, replace, progress: as for `siam.engine.index.push.push_run`.

    Raises:
        UsageError: it is no address, no kind, or a file with another ending.
        DataError: the file is damaged, of another encoder, or names a picture twice.
        StoreError: the server refuses.
    """
    place, known = parse_address(address), check_kind(kind) if kind else None
    _, _, encoder = open_encoder_of(str(run))
    facts = read_facts(embeddings)
    if facts.encoder != encoder.hash:
        raise DataError(
            f"{embeddings} is of the encoder {facts.encoder[:12]}, the run {run.name} has "
            f"{encoder.hash[:12]}.",
            "Name the run that embedded it with --run, or embed the pictures again.",
        )
    folder = gallery_folder(embeddings)
    connection = MilvusConnection(place)
    try:
        with open_gallery(folder, encoder, embeddings, facts.count, progress) as gallery:
            pushed = push(gallery, connection, kind=known, replace=replace, progress=progress)
    finally:
        connection.close()
    shutil.rmtree(folder, ignore_errors=True)
    return pushed


def gallery_folder(embeddings: Path) -> Path:
    """Return where the gallery of a file with this content stands until it is pushed."""
    from platformdirs import user_cache_path

    return user_cache_path("siam") / "pushed" / sha256(embeddings)


def open_gallery(
    folder: Path, encoder: Encoder, embeddings: Path, count: int, progress: Progress
) -> Gallery:
    """Open the gallery of a file's pictures; made anew where it is not whole."""
    if folder.exists():
        try:
            gallery = Gallery.open(folder)
            if len(gallery) == count and gallery.encoder_hash == encoder.hash:
                return gallery
            gallery.close()
        except StoreError:
            pass
        shutil.rmtree(folder)
    gallery = Gallery.create(folder, dim=encoder.dim, encoder_hash=encoder.hash, kind="flat")
    try:
        for keys, labels, vectors in read_embeddings(embeddings, dim=encoder.dim):
            gallery.add(vectors, keys=keys, labels=labels)
            progress("Reading embeddings", len(gallery), count)
        if len(gallery) != count:
            raise DataError(
                f"{embeddings} names {count:,} pictures, {count - len(gallery):,} of them twice.",
                "Embed each picture once.",
            )
    except BaseException:
        gallery.close()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return gallery
