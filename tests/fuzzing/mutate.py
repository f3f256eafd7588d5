"""Seeded mutations of bytes, of JSON values and of command-line words: small, large and absurd."""

from __future__ import annotations

import json
import random
import re
from typing import Any

INTERESTING = (
    *(b"\x00", b"\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\x80\x00\x00\x00"),
    *(b"\xff" * 8, b"\x00" * 8, b"PK\x03\x04", b"\x93NUMPY", b"\x1f\x8b", b"\x89PNG\r\n\x1a\n"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 64, 65_537, 1 << 31, 1 << 62, 1 << 63, 10**30, -(1 << 63)),
    *(0.5, -0.0, 1e-300, 1e300, "", "0", "nan", "\x1b[2J", "=1+1", "\u202e", "a\nb", "x" * 5000),
    *([], {}, [[]], {"a": {}}, [0.1] * 30_000, "../../etc/passwd", "/dev/zero", "\ud800"),
)
NUMBERS = re.compile(rb"-?\d+(\.\d+)?([eE][+-]?\d+)?")
ABSURD = (b"0", b"-1", b"1e400", b"9" * 40, b"nan", b'"1"', b"null", b"[]", b"4611686018427387904")
WORDS = (
    *("0", "-1", "1", "nan", "inf", "-inf", "1e400", "9" * 30, "9" * 5000, "0x10", "1_000", "１"),
    *("", " ", "'", '"', "\x1b]0;x\x07", "a\nb", "=1+1", "🙂", "é", "\u202e", "\udce9", "%s", "{}"),
    *("label=3", "label='", "not not not label=3", "(" * 400, "id=1e300", "id<9" + "9" * 30),
    *("rank>=1 and (label=3 or", "hash=x or origin>=/", "label!=3", "x.y-z=1", "--", "-", "."),
    *("0,0,0,0", "5,5,1,1", "-9,-9,999999999,9", "1,2,3", "0,0,9e9,1", "last", "../old", "/no"),
)


def mutate_bytes(content: bytes, draw: random.Random) -> bytes:
    """Return content with one to four changes of its bytes."""
    mutated = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 4))):
        # The first kilobyte, where headers stand, as often as all the rest.
        reach = min(len(mutated), 1024) if draw.random() < 0.5 else len(mutated)
        at = draw.randrange(reach + 1)
        length = draw.choice((1, 2, 4, 8, 64, 4096))
        match draw.randrange(8):
            case 0:
                mutated[at : at + 1] = bytes([draw.randrange(256)])
            case 1:
                del mutated[at:]
            case 2:
                del mutated[at : at + length]
            case 3:
                mutated[at:at] = mutated[at : at + length]
            case 4:
                mutated[at : at + length] = bytes(length)
            case 5:
                special = draw.choice(INTERESTING)
                mutated[at : at + len(special)] = special
            case 6:
                mutated[at:at] = draw.randbytes(length)
            case 7:
                if found := list(NUMBERS.finditer(mutated)):
                    start, end = draw.choice(found).span()
                    mutated[start:end] = draw.choice(ABSURD)
    return bytes(mutated)


def mutate_json(content: bytes, draw: random.Random) -> bytes:
    """Return a JSON text with a value changed, taken out, put in or moved to another name."""
    value = json.loads(content)
    holder, key = value, None
    while isinstance(holder, dict | list) and holder:
        key = draw.choice(list(holder)) if isinstance(holder, dict) else draw.randrange(len(holder))
        if not isinstance(holder[key], dict | list) or not holder[key] or draw.random() < 0.3:
            break
        holder = holder[key]
    if key is None:
        return b"[]"
    match draw.randrange(4):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[f"{key}x"] = holder.pop(key)
        case _:
            holder[key] = draw.choice(VALUES)
    return json.dumps(value).encode()


def mutate(name: str, content: bytes, draw: random.Random) -> bytes:
    """Return the content of a file, mutated by its bytes or by what it says."""
    if name.endswith(".json") and draw.random() < 0.6:
        return mutate_json(content, draw)
    return mutate_bytes(content, draw)
