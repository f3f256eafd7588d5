"""How a gallery lies in a Milvus collection: its fields, and what the collection says of itself."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zlib import crc32

import msgspec
import numpy as np

from siam.array_types import Integers, Vectors
from siam.errors import StoreError
from siam.index.stores.milvus_address import Address
from siam.index.stores.milvus_connection import MilvusConnection
from siam.index.stores.vector_store import Stamp

__all__ = [
    "EXACT",
    "TEXTS",
    "Describe",
    "Facts",
    "as_row",
    "bare_rows",
    "check_fits",
    "create_collection",
    "new_name",
    "plain_stamp",
    "read_facts",
    "stack_rows",
    "thumbnail_of",
    "write_facts",
]

FORMAT = 1
EXACT = "FLAT"  # the kind that compares every vector
PROPERTY = "siam"
# Bytes that a text may take; Milvus allows 65,535.
TEXTS = {"key": 8192, "label": 4096, "origin": 8192, "split": 256, "hash": 128, "stat": 256}
FIELDS = {"id", *TEXTS, "meta", "thumbnail", "checksum", "vector"}
# What makes the rows of ids, int64 (n,), and vectors, float32 (n, dim).
Describe = Callable[[Integers, Vectors], Sequence[dict[str, Any]]]


class Facts(msgspec.Struct, frozen=True):
    """What a collection says of itself, as one of its properties.

    Attributes:
        format: of the fields.
        encoder: SHA-256 of the encoder that made its vectors.
        stamp: the commit that it holds; None while it is being filled for the first time.
        toward: the commit that it is on the way to.
        changed: whether clients added or removed items since.
        kind: of its index.
        built: what that is built with.
        effort: how hard a search looks.
        recall: share of the exact 10 nearest that such searches were measured to find; 0 for an
            approximate kind that was not measured.
        recall_error: standard error of that measurement.
    """

    format: int
    encoder: str
    stamp: Stamp | None = None
    toward: Stamp | None = None
    changed: bool = False
    kind: str = EXACT
    built: dict[str, int] = {}
    effort: dict[str, int] = {}
    recall: float = 1.0
    recall_error: float = 0.0


def create_collection(connection: MilvusConnection, name: str, *, dim: int, facts: Facts) -> None:
    """Make a collection, empty, with its index.

    Args:
        connection: to the server.
        name: a new one.
        dim: length of a vector.
        facts: what it will say of itself.
    """
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    for text, length in TEXTS.items():
        schema.add_field(text, DataType.VARCHAR, max_length=length)
    schema.add_field("meta", DataType.JSON)
    schema.add_field("thumbnail", DataType.VARCHAR, max_length=65_535)
    schema.add_field("checksum", DataType.INT64)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
    index = MilvusClient.prepare_index_params()
    # On unit vectors the inner product orders as the Euclidean distance does.
    # pymilvus takes "params" apart, and milvus-lite reads its settings inside of one alone.
    settings = {"params": facts.built}
    index.add_index("vector", index_type=facts.kind, metric_type="IP", params=settings)

    def create() -> None:
        connection.call(
            "create_collection",
            name,
            schema=schema,
            index_params=index,
            consistency_level="Strong",
            properties={PROPERTY: msgspec.json.encode(facts).decode()},
        )

    try:
        create()
    except StoreError:  # it exists, perhaps without its index, where an answer was lost
        connection.call("drop_collection", name)
        create()


def read_facts(connection: MilvusConnection, described: Mapping[str, Any]) -> Facts:
    """Return what a collection says of itself.

    Args:
        connection: to the server.
        described: what pymilvus' `describe_collection` gave.

    Raises:
        StoreError: it is none of siam's, or of another format.
    """
    text = str(described.get("properties", {}).get(PROPERTY, ""))
    try:
        facts = msgspec.json.decode(text, type=Facts)
        if {field["name"] for field in described["fields"]} != FIELDS:
            raise ValueError("its fields are others")
    except ValueError as error:
        raise StoreError(
            f"The collection of {connection.address} was not made by siam.",
            "Name another one:  milvus://HOST:PORT/COLLECTION",
        ) from error
    if facts.format != FORMAT:
        raise StoreError(
            f"The collection of {connection.address} has format {facts.format}, this siam reads "
            f"{FORMAT}.",
            "Push the gallery again with this siam, or use the one that made it.",
        )
    return facts


def check_fits(
    place: Address, facts: Facts, described: Mapping[str, Any], *, dim: int, encoder: str
) -> None:
    """Refuse a collection of another encoder.

    Args:
        place: where it is.
        facts: what it says of itself.
        described: what pymilvus' `describe_collection` gave.
        dim: length of the encoder's vectors.
        encoder: SHA-256 of the encoder.

    Raises:
        StoreError: it is of another one, or of vectors of another length.
    """
    (held,) = (field["params"]["dim"] for field in described["fields"] if field["name"] == "vector")
    cure = "Use the run that it belongs to (--run), or another collection."
    if facts.encoder != encoder:
        raise StoreError(
            f"The store {place} was filled by the encoder {facts.encoder[:12]}, this one is "
            f"{encoder[:12]}: their distances do not compare.",
            cure,
        )
    if int(held) != dim:
        raise StoreError(f"The store {place} holds vectors of {held} numbers, not {dim}.", cure)


def write_facts(connection: MilvusConnection, name: str, facts: Facts) -> None:
    """Keep what a collection says of itself: at once, and durably."""
    text = msgspec.json.encode(facts).decode()
    connection.call("alter_collection_properties", name, properties={PROPERTY: text})


def as_row(
    number: int,
    vector: Vectors,
    texts: Mapping[str, str] | None = None,
    meta: str = "",
    thumbnail: bytes | None = None,
) -> dict[str, Any]:
    """Return an item as Milvus takes it.

    Args:
        number: its id.
        vector: float32 (dim,), unit length.
        texts: the values of `TEXTS`; what is left out is "".
        meta: JSON, or "".
        thumbnail: PNG bytes, or None.
    """
    return {
        "id": number,
        **dict.fromkeys(TEXTS, ""),
        **(texts or {}),
        "meta": msgspec.json.decode(meta or "{}"),
        "thumbnail": base64.b64encode(thumbnail or b"").decode(),
        "checksum": crc32(vector.tobytes()),
        "vector": vector,
    }


def stack_rows(there: Mapping[int, Sequence[float] | Vectors], ids: Integers, dim: int) -> Vectors:
    """Return the vectors of ids of any shape, float32 (*ids.shape, dim); NaN where there is none.

    Example:
        >>> stack_rows({3: [1.0, 0.0]}, np.array([[3, -1]]), 2).tolist()
        [[[1.0, 0.0], [nan, nan]]]
    """
    numbers, place = np.unique(ids, return_inverse=True)
    vectors = np.full((len(numbers), dim), np.nan, np.float32)
    for row, number in enumerate(numbers.tolist()):
        if number in there:
            vectors[row] = there[number]
    return vectors[place.reshape(np.shape(ids))]


def thumbnail_of(row: Mapping[str, Any]) -> bytes | None:
    """Return a row's thumbnail as PNG bytes; None where there is none, or none that can be read."""
    try:
        return base64.b64decode(row["thumbnail"], validate=True) or None
    except ValueError:
        return None


def bare_rows(ids: Integers, vectors: Vectors) -> list[dict[str, Any]]:
    """Return rows of vectors of which nothing else is known."""
    return [as_row(number, row) for number, row in zip(ids.tolist(), vectors, strict=True)]


def new_name(alias: str, mark: int) -> str:
    """Return a name for a collection that holds the commit `mark`, behind an alias."""
    return f"{alias}__{mark:016x}_{secrets.token_hex(4)}"


def plain_stamp(stamp: Stamp) -> Stamp:
    """Return a stamp without what a kind of it may hold besides."""
    return Stamp(stamp.generation, stamp.mark, stamp.last_id)
