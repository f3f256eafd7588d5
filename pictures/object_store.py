"""Pictures in an object store, `s3://BUCKET/PREFIX`: listed and fetched by fsspec, within bounds.

Which server, and with whose keys, AWS's own variables and files say (`AWS_ENDPOINT_URL`,
`AWS_PROFILE`, `AWS_ACCESS_KEY_ID`): no address or key is an option of siam's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from siam.errors import DataError, MissingExtraError
from siam.parallel import parallel_map
from siam.pictures.folder_walk import is_hidden
from siam.pictures.formats import has_picture_suffix
from siam.pictures.reading import MAX_STREAM, Skipped

__all__ = ["StoredPicture", "fetch_pictures", "is_stored", "list_pictures", "open_stored"]

SCHEME = "s3://"
# Objects that are asked for at once, and the bytes that end a request for several.
OBJECTS, BYTES = 64, 16 << 20
# Such requests under way, and begun for each of them before their pictures are wanted.
REQUESTS, AHEAD = 2, 2
LOGIN = "Log in as for AWS's own tools: AWS_PROFILE, or AWS_ACCESS_KEY_ID and its secret."


class StoredPicture(msgspec.Struct, frozen=True):
    """An object that is a picture by its name.

    Attributes:
        path: its bucket and key, "/" between them.
        inside: its key below the prefix that was listed, as a file's path in a folder.
        size: bytes, when it was listed.
    """

    path: str
    inside: str
    size: int

    @property
    def name(self) -> str:
        """The address that leads to it."""
        return SCHEME + self.path


def is_stored(name: str) -> bool:
    """Return whether a name is an address in an object store.

    Example:
        >>> is_stored("s3://bucket/photos"), is_stored("photos/")
        (True, False)
    """
    return name.startswith(SCHEME)


def list_pictures(address: str) -> list[StoredPicture]:
    """List the pictures below a prefix, in the order in which a folder's are walked.

    A picture is what is named as one: no content is looked at. What is hidden in a folder is left
    out here as well.

    Args:
        address: s3://BUCKET/PREFIX, or one object's own, whatever its name ends with.

    Raises:
        DataError: the store is not reached, gives no access, or holds no picture there.
        MissingExtraError: the extra "s3" is not installed.
    """
    root = address.removeprefix(SCHEME).strip("/")
    with store_errors(address):
        store = open_store(address)
        if not root:
            raise DataError(f"{address} names no bucket.", "Such as:  s3://BUCKET/photos")
        there = store.find(root, detail=True)
        if not there:  # which a bucket that is not there may say too
            store.ls(root.partition("/")[0])
    if set(there) == {root}:
        return [StoredPicture(root, root.rpartition("/")[2], size_of(there[root]))]
    pictures = [
        StoredPicture(path, inside, size_of(entry))
        for path, entry in there.items()
        if has_picture_suffix(inside := path.removeprefix(root).strip("/"))
        and not any(map(is_hidden, inside.split("/")))
    ]
    if not pictures:
        beside = f", but {len(there):,} other objects" if there else ""
        raise DataError(f"There is no picture at {address}{beside}.", "Check bucket and prefix.")
    return sorted(pictures, key=lambda picture: picture.inside.split("/"))


def fetch_pictures(pictures: Sequence[StoredPicture]) -> Iterator[bytes | Skipped]:
    """Yield the content of pictures in their order, while the next ones are on their way.

    No more of an object is read than it had when it was listed, none above 64 MiB.

    Args:
        pictures: what `list_pictures` gave, or a part of it.

    Raises:
        DataError: the store is not reached any more, or gives no access.
    """
    for contents in parallel_map(fetch, cut(pictures), ahead=AHEAD, workers=REQUESTS):
        yield from contents


@contextlib.contextmanager
def open_stored(address: str) -> Iterator[Any]:
    """Yield an object as a binary file that can seek, and has a `size`.

    Raises:
        DataError: it is not there, or the store is not reached or gives no access, also later.
        MissingExtraError: the extra "s3" is not installed.
    """
    with (
        store_errors(address),
        open_store(address).open(address.removeprefix(SCHEME), "rb") as file,
    ):
        yield file


def open_store(address: str) -> Any:
    """Return the file system of fsspec's that an address is in; it keeps no listing."""
    try:
        import fsspec
        import s3fs  # noqa: F401
    except ImportError:
        raise MissingExtraError(f"Reading {address}", "s3") from None
    return fsspec.filesystem("s3", use_listings_cache=False)


@contextlib.contextmanager
def store_errors(address: str) -> Iterator[None]:
    """Say in a line what a store refuses or why it is not reached."""
    try:
        yield
    except (DataError, MissingExtraError):
        raise
    except FileNotFoundError:
        raise DataError(f"There is nothing at {address}.", "Check bucket and key.") from None
    except PermissionError as error:
        raise DataError(f"{address} gives no access: {reason(error)}.", LOGIN) from error
    except Exception as error:  # botocore's and aiohttp's have no base but this
        module = type(error).__module__.partition(".")[0]
        known = isinstance(error, OSError | ValueError) or module in ("botocore", "aiohttp")
        if not known or module == "pyarrow":  # whoever reads a table says what is wrong with it
            raise
        if type(error).__name__ in ("NoCredentialsError", "PartialCredentialsError"):
            raise DataError(f"{address} is asked without a login.", LOGIN) from error
        raise DataError(
            f"{address} cannot be read: {reason(error)}.",
            "Check the network, and AWS_ENDPOINT_URL where the store is none of AWS's.",
        ) from error


def reason(error: Exception) -> str:
    """Return an exception's own words as part of a line."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def size_of(entry: dict[str, Any]) -> int:
    """Return an object's size in bytes, as its listing says."""
    return int(entry["size"])


def cut(pictures: Sequence[StoredPicture]) -> Iterator[list[StoredPicture]]:
    """Yield pictures in lists of what is asked for at once."""
    part: list[StoredPicture] = []
    size = 0
    for picture in pictures:
        part.append(picture)
        size += picture.size
        if len(part) == OBJECTS or size >= BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def fetch(part: Sequence[StoredPicture]) -> list[bytes | Skipped]:
    """Return the content of some pictures, or why one is not to be had."""
    wanted = [picture for picture in part if 0 < picture.size <= MAX_STREAM]
    address = part[0].name
    with store_errors(address):
        answers = open_store(address).cat_ranges(
            [picture.path for picture in wanted],
            [0] * len(wanted),
            [picture.size for picture in wanted],
            on_error="return",
        )
    contents: dict[str, bytes | Skipped] = {}
    for picture, answer in zip(wanted, answers, strict=True):
        if isinstance(answer, FileNotFoundError):
            contents[picture.path] = Skipped(picture.name, "is not there any more")
        elif isinstance(answer, Exception):
            with store_errors(picture.name):
                raise answer
        else:
            contents[picture.path] = bytes(answer)
    too_large = f"is larger than {MAX_STREAM // 2**20} MiB, too much for a picture"
    return [
        contents.get(picture.path, Skipped(picture.name, too_large) if picture.size else b"")
        for picture in part
    ]
