"""Where a gallery lies on a Milvus server: milvus://HOST:PORT/COLLECTION."""

from __future__ import annotations

import os
import re
import urllib.parse

import msgspec

from siam.errors import UsageError

__all__ = ["Address", "parse_address"]

PORT = 19530  # Milvus' own
TOKEN = "SIAM_STORE_TOKEN"
COLLECTION = re.compile("[A-Za-z_][A-Za-z0-9_]{0,199}")


class Address(msgspec.Struct, frozen=True):
    """A gallery on a Milvus server.

    Attributes:
        uri: the server's, as pymilvus takes it: http, or https for TLS.
        collection: the name that is asked for: an alias of the collection that holds the gallery.
        token: "user:password" or an API key; "" for none. It is shown nowhere.
    """

    uri: str
    collection: str
    token: str = ""

    def __str__(self) -> str:
        return f"milvus{self.uri.removeprefix('http')}/{self.collection}"


def parse_address(text: str) -> Address:
    """Return what milvus://HOST[:PORT]/COLLECTION means, milvuss:// with TLS.

    The token comes from the variable SIAM_STORE_TOKEN: an address is shown, kept and logged.

    Raises:
        UsageError: it is no such address.

    Example:
        >>> parse_address("milvus://localhost/digits").uri
        'http://localhost:19530'
    """
    parts = urllib.parse.urlsplit(text)
    name = parts.path.strip("/")
    try:
        host, port = parts.hostname, parts.port or PORT
    except ValueError:
        host, port = None, 0
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    if parts.scheme not in ("milvus", "milvuss") or not host or not COLLECTION.fullmatch(name):
        shown = re.sub("//[^/@]*@", "//...@", text)
        raise UsageError(
            f"A store is given like milvus://HOST:PORT/COLLECTION, received '{shown}'.",
            "With TLS: milvuss://...  The collection's name is letters, digits and _.",
        )
    if not plain:
        raise UsageError(
            f"The address milvus://{host}/{name} carries a password or options, which it may not.",
            f"Put the token, or user:password, into the variable {TOKEN}.",
        )
    place = f"[{host}]" if ":" in host else host
    scheme = "https" if parts.scheme == "milvuss" else "http"
    return Address(f"{scheme}://{place}:{port}", name, os.environ.get(TOKEN, ""))
