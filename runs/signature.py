"""Who made a packed run: ed25519 signatures by keys in the PEM files that openssl writes.

openssl genpkey -algorithm ed25519 -out mine.pem      a key of one's own, to be kept secret
openssl pkey -in mine.pem -pubout -out public.pem     its public half, for those who trust it
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from siam.errors import MissingExtraError, RunError, UsageError
from siam.untrusted import read_bounded

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

__all__ = ["TRUSTED_KEYS", "check_signature", "sign"]

TRUSTED_KEYS = "SIAM_TRUSTED_KEYS"
MOST_BYTES = 1 << 20  # of a file of keys
BLOCK = re.compile(rb"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)
MAKE = "Make one:  openssl genpkey -algorithm ed25519 -out FILE"
GIVE = "Give the file that this wrote:  openssl pkey -in KEY -pubout -out FILE"


def sign(content: bytes, key: Path) -> bytes:
    """Return the ed25519 signature of `content`, 64 bytes.

    Args:
        content: what is signed.
        key: a PEM file with the private key, without a pass phrase.

    Raises:
        UsageError: it is no such file.
        MissingExtraError: the package `cryptography` is not installed.
    """
    return read_private_key(key).sign(content)


def check_signature(content: bytes, signature: bytes | None, trusted: Path | None = None) -> None:
    """Refuse what none of the pinned keys has signed; where none is pinned, nothing is asked.

    Args:
        content: what should be signed.
        signature: 64 bytes, or None where there is none.
        trusted: a PEM file with one or more public keys; left out, the one that the environment
            variable `SIAM_TRUSTED_KEYS` names, if it does.

    Raises:
        RunError: there is no signature, or it was made by no such key or of other content.
        UsageError: the file of keys holds none.
        MissingExtraError: the package `cryptography` is not installed.
    """
    named = trusted or os.environ.get(TRUSTED_KEYS)
    if not named:
        return
    keys = read_public_keys(Path(named))
    if signature is None or not any(is_of(key, signature, content) for key in keys):
        raise RunError(
            "It is not signed." if signature is None else f"It is signed by no key of {named}.",
            "Ask its sender for one that is signed by a key that you trust.",
        )


def is_of(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    """Tell whether a key has signed this content."""
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Read the key that signs; anything else, or one with a pass phrase, is a UsageError."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        raise MissingExtraError("Signing a run", "sign") from None
    try:
        key = load_pem_private_key(read_bounded(path, MOST_BYTES), password=None)
    except (FileNotFoundError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{path} holds no private key without a pass phrase.", MAKE) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{path} holds a key of another kind than ed25519.", MAKE)
    return key


def read_public_keys(path: Path) -> Sequence[Ed25519PublicKey]:
    """Read the keys that are trusted; a file of anything else is a UsageError."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError:
        raise MissingExtraError("Checking a signature", "sign") from None
    try:
        blocks = BLOCK.findall(read_bounded(path, MOST_BYTES))
        keys = [load_pem_public_key(block) for block in blocks]
    except (FileNotFoundError, ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{path} cannot be read as public keys.", GIVE) from error
    if not keys or not all(isinstance(key, Ed25519PublicKey) for key in keys):
        raise UsageError(f"{path} must hold ed25519 public keys and no others.", GIVE)
    return [key for key in keys if isinstance(key, Ed25519PublicKey)]
