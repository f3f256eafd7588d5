"""A run in one file, `NAME.siam`: a ZIP archive that any tool opens, made and read with care.

    pack.json    names, sizes and SHA-256 of all that follows; the same files give the same bytes
    pack.sig     an ed25519 signature of pack.json's bytes, where the sender has made one
    ...          the run's files, as they are, in the order of their names

A pack may come from anybody. It is data: nothing is believed that pack.json does not say, and
nothing that it says before it was checked. Members are stored as they are, never compressed, so
that a small file cannot unpack to a large one.
"""

from __future__ import annotations

import hashlib
import shutil
import stat
import tempfile
import unicodedata
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from siam import __version__
from siam.atomic import is_full, publish_folder, replacing, sha256
from siam.datasets.arrays import DAMAGE
from siam.errors import RunError
from siam.runs.plain_files import MOST, is_plain_name
from siam.runs.signature import check_signature, sign

__all__ = [
    "BUNDLED",
    "Pack",
    "is_cached",
    "make_packs_folder",
    "open_pack",
    "packs_folder",
    "unpack_files",
    "unpack_once",
    "write_pack",
]

# The packs that came with siam are as trustworthy as this line.
BUNDLED = Path(__file__).with_name("bundled")
CONTENTS, SIGNATURE = "pack.json", "pack.sig"
MOST_CONTENTS, SIGNATURE_BYTES = 4 << 20, 64
PIECE = 1 << 20
PACKS = "packs"
MOST_DEPTH = 3
# The earliest that a ZIP archive can say: when a run was packed is nothing that it holds.
DATE = (1980, 1, 1, 0, 0, 0)
Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class PackFile(msgspec.Struct, frozen=True):
    """What `pack.json` says of a file."""

    sha256: Hash
    bytes: Annotated[int, Meta(ge=0, lt=1 << 62)]


class Contents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `pack.json` holds.

    Attributes:
        schema: of the file.
        siam: the version that packed it.
        name: the run's.
        files: by their path relative to the run.
    """

    schema: Literal[1]
    siam: str
    name: str
    files: dict[str, PackFile]


@dataclass(frozen=True)
class Pack:
    """A pack whose list of files was checked; the files themselves were not yet.

    Attributes:
        path: the file.
        name: the run's.
        hash: SHA-256 of the list, and so of all that the pack may hold.
        signed: whether there is a signature, by whomever.
        files: what it holds, by path relative to the run.
    """

    path: Path
    name: str
    hash: str
    signed: bool
    files: Mapping[str, PackFile]


def write_pack(target: Path, name: str, files: Mapping[str, Path], *, key: Path | None) -> None:
    """Write a run's files into one, whole or not at all.

    Args:
        target: the file to make.
        name: the run's.
        files: where each file stands now, by its path relative to the run.
        key: a PEM file with an ed25519 private key to sign with.

    Raises:
        UsageError: the key cannot be read.
        MissingExtraError: it takes `cryptography`, which is not installed.
    """
    ordered = dict(sorted(files.items()))
    told = {member: PackFile(sha256(path), path.stat().st_size) for member, path in ordered.items()}
    contents = msgspec.json.format(
        msgspec.json.encode(Contents(1, __version__, name, told)), indent=1
    )
    signature = sign(contents, key) if key else None
    with replacing(target) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        archive.writestr(member_of(CONTENTS), contents)
        if signature:
            archive.writestr(member_of(SIGNATURE), signature)
        for member, path in ordered.items():
            with (
                path.open("rb") as source,
                archive.open(member_of(member, told[member].bytes), "w") as packed,
            ):
                shutil.copyfileobj(source, packed, PIECE)


def member_of(name: str, size: int = 0) -> zipfile.ZipInfo:
    """Return a member that says the same of itself whenever and wherever it is packed."""
    member = zipfile.ZipInfo(name, DATE)
    member.create_system, member.file_size = 3, size
    return member


def open_pack(path: Path, *, trusted: Path | None = None) -> Pack:
    """Read and check what a pack says that it holds.

    Args:
        path: the file.
        trusted: a file of public keys, one of which must have signed it; see `check_signature`.
            Left out, a pack that came with siam needs no signature.

    Raises:
        RunError: it is no pack, damaged, holds what no run does, or is not signed as it should be.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ValueError("it is no plain file")
        with zipfile.ZipFile(path) as archive:
            members = {entry.filename: entry for entry in archive.infolist()}
            content = read_member(archive, CONTENTS, MOST_CONTENTS)
            signed = SIGNATURE in members
            signature = read_member(archive, SIGNATURE, SIGNATURE_BYTES) if signed else None
            if trusted or path.parent != BUNDLED:
                check_signature(content, signature, trusted)
            contents = msgspec.json.decode(content, type=Contents)
            check_contents(contents, [*archive.infolist()], size=path.stat().st_size)
    except RunError as error:
        raise RunError(f"{path}: {error.problem}", error.cure) from error
    except (*DAMAGE, RecursionError) as error:
        raise damage_error(path, error) from error
    return Pack(path, contents.name, hashlib.sha256(content).hexdigest(), signed, contents.files)


def check_contents(contents: Contents, members: list[zipfile.ZipInfo], *, size: int) -> None:
    """Refuse, by a ValueError, a list of files that no run has, or of others than the archive's."""
    names = [member.filename for member in members]
    listed = [CONTENTS, *([SIGNATURE] if SIGNATURE in names else []), *contents.files]
    if sorted(names) != sorted(listed):
        raise ValueError("its list of files is not what it holds")
    # Systems call two files the same whose names differ by case, or by how an accent is written.
    alike = {unicodedata.normalize("NFC", name.casefold()) for name in names}
    if len(names) > MOST or len(alike) < len(names):
        raise ValueError("it holds more files than a run, or two of one name")
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 0x1:
            raise ValueError(f"{member.filename} is compressed or encrypted")
    if not is_plain_name(contents.name):
        raise ValueError(f"its name {contents.name[:60]!r} is none for a run")
    for name in contents.files:
        parts = name.split("/")
        if len(parts) > MOST_DEPTH or not all(map(is_plain_name, parts)):
            raise ValueError(f"it holds {name[:60]!r}, which no run does")
    # Members that share bytes would unpack to many times the pack.
    if sum(file.bytes for file in contents.files.values()) > size:
        raise ValueError("its files overlap")


def unpack_files(pack: Pack, folder: Path) -> None:
    """Write what a pack holds into an empty folder; each file must be what the list says.

    Raises:
        RunError: a file is damaged.
    """
    try:
        with zipfile.ZipFile(pack.path) as archive:
            for name, file in pack.files.items():
                place = folder / name
                place.parent.mkdir(parents=True, exist_ok=True)
                digest, left = hashlib.sha256(), file.bytes
                with archive.open(name) as source, place.open("xb") as target:
                    while piece := source.read(min(PIECE, left + 1)):
                        left -= len(piece)
                        if left < 0:
                            break
                        digest.update(piece)
                        target.write(piece)
                if left or digest.hexdigest() != file.sha256:
                    raise ValueError(f"{name} is not the file that its list names")
    except (*DAMAGE, RecursionError) as error:
        if isinstance(error, OSError) and is_full(error):
            raise
        raise damage_error(pack.path, error) from error


def unpack_once(path: Path) -> Path:
    """Return the folder in the user cache that a pack was unpacked to, now or earlier.

    Raises:
        RunError: it is no pack, is damaged, is not signed as it should be, or the user cache
            cannot be written.
    """
    pack = open_pack(path)
    place = packs_folder() / pack.hash / pack.name
    if not place.is_dir():
        make_packs_folder(place.parent)
        with tempfile.TemporaryDirectory(
            dir=place.parent, prefix=".", ignore_cleanup_errors=True
        ) as name:
            unpack_files(pack, Path(name))
            publish_folder(Path(name), place)
    return place


def packs_folder() -> Path:
    """Return where `unpack_once` keeps runs: each in a folder named by the hash of its list."""
    from platformdirs import user_cache_path

    return user_cache_path("siam") / PACKS


def make_packs_folder(folder: Path) -> None:
    """Make the folder of packed runs in the user cache, or one in it.

    Raises:
        RunError: the user cache cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"The user cache {packs_folder()} cannot be written ({error.strerror}), where "
            "packed runs are unpacked to.",
            "Change its rights, or unpack the run yourself:  siam runs unpack FILE.siam",
        ) from error


def is_cached(run: Path) -> bool:
    """Tell whether a run's folder is one that `unpack_once` has made."""
    return run.parent.parent.name == PACKS and run.parent.parent == packs_folder()


def read_member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Return a small member of an archive; one that is none, larger or packed is a ValueError."""
    if name not in archive.namelist():
        raise ValueError(f"it holds no {name}")
    member = archive.getinfo(name)
    if member.file_size > most or member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is compressed, or larger than {most:,} bytes")
    return archive.read(name)


def damage_error(path: Path, error: BaseException) -> RunError:
    """Return the error that a file is no pack."""
    told = error.strerror if isinstance(error, OSError) else None
    reason = " ".join(str(told or error).split())[:200] or type(error).__name__
    return RunError(
        f"{path} is no packed run that can be used ({reason}).",
        "Ask for it again; it is made by:  siam runs pack RUN",
    )
