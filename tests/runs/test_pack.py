"""A run in one file: the same bytes each time, whole or refused, and signed where that is asked."""

from __future__ import annotations

import hashlib
import json
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from siam.errors import RunError, UsageError
from siam.runs.pack import open_pack, unpack_files, unpack_once, write_pack
from siam.runs.runs_folder import find_run

WriteRun = Callable[..., Path]


@pytest.fixture
def files(write_run: WriteRun) -> dict[str, Path]:
    run = write_run("pets-1")
    return {name: run / name for name in ("manifest.json", "config.toml", "metrics.json")}


@pytest.fixture
def packed(files: dict[str, Path], tmp_path: Path) -> Path:
    write_pack(tmp_path / "pets.siam", "pets-1", files, key=None)
    return tmp_path / "pets.siam"


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, Path]:
    """Two pairs of keys, as openssl writes them."""
    paths = {}
    for name in ("mine", "other"):
        key = Ed25519PrivateKey.generate()
        paths[name] = tmp_path / f"{name}.pem"
        paths[name].write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        paths[f"{name} public"] = tmp_path / f"{name}.pub"
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        paths[f"{name} public"].write_bytes(public)
    return paths


def forge(packed: Path, change: Callable[[dict[str, Any], dict[str, bytes]], None]) -> None:
    """Pack again what somebody has changed in the list and in the files."""
    with zipfile.ZipFile(packed) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    told = json.loads(members.pop("pack.json"))
    change(told, members)
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("pack.json", json.dumps(told))
        for name, content in members.items():
            archive.writestr(name, content)


def test_what_was_packed_comes_out(packed: Path, files: dict[str, Path], tmp_path: Path) -> None:
    with zipfile.ZipFile(packed) as archive:
        assert archive.namelist() == ["pack.json", *sorted(files)]
    pack = open_pack(packed)
    assert (pack.name, pack.signed) == ("pets-1", False)
    (tmp_path / "out").mkdir()
    unpack_files(pack, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(files)
    for name, path in files.items():
        assert (tmp_path / "out" / name).read_bytes() == path.read_bytes()


def test_the_same_files_give_the_same_bytes(packed: Path, files: dict[str, Path]) -> None:
    os.utime(files["config.toml"], (time.time(), time.time()))
    again = packed.with_name("again.siam")
    write_pack(again, "pets-1", dict(reversed(files.items())), key=None)
    assert again.read_bytes() == packed.read_bytes()


def test_a_packed_run_is_unpacked_once(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _: tmp_path / "cache")
    place = find_run(str(packed))
    assert place.name == "pets-1" and place.is_relative_to(tmp_path / "cache")
    monkeypatch.setattr("siam.runs.pack.unpack_files", lambda *_: pytest.fail("unpacked again"))
    assert unpack_once(packed) == place


def rename(name: str) -> Callable[[dict[str, Any], dict[str, bytes]], None]:
    def change(told: dict[str, Any], members: dict[str, bytes]) -> None:
        told["files"][name] = told["files"].pop("config.toml")
        members[name] = members.pop("config.toml")

    return change


def call(name: object) -> Callable[[dict[str, Any], dict[str, bytes]], None]:
    return lambda told, _: told.update(name=name)


CHANGES: dict[str, Callable[[dict[str, Any], dict[str, bytes]], object]] = {
    "name that leads out": rename("../config.toml"),
    "absolute name": rename("/tmp/config.toml"),
    "hidden name": rename("index/.lock"),
    "name on Windows": rename("c:config.toml"),
    "device of Windows": rename("index/nul.txt"),
    "deep name": rename("a/b/c/d"),
    "two names of one file on a Mac": lambda told, members: (
        members.update({"CONFIG.toml": members["config.toml"]}),
        told["files"].update({"CONFIG.toml": told["files"]["config.toml"]}),
    ),
    "run that leads out": call("../pets"),
    "run of no name": call(""),
    "run of another type": call(3),
    "file that is not listed": lambda _, members: members.update({"more.txt": b"x"}),
    "file that is not there": lambda _, members: members.pop("metrics.json"),
    "size below zero": lambda told, _: told["files"]["config.toml"].update(bytes=-1),
    "size beyond the pack": lambda told, _: told["files"]["config.toml"].update(bytes=10**12),
    "hash that is none": lambda told, _: told["files"]["config.toml"].update(sha256="0"),
    "another schema": lambda told, _: told.update(schema=2),
    "unknown field": lambda told, _: told.update(run="x"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_forged_list_is_refused(packed: Path, change: Callable[..., Any]) -> None:
    forge(packed, change)
    with pytest.raises(RunError, match="is no packed run that can be used"):
        open_pack(packed)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"[" * 10_000, b"PK\x05\x06" + bytes(18)])
def test_what_is_no_pack_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.siam").write_bytes(content)
    with pytest.raises(RunError, match="is no packed run that can be used"):
        open_pack(tmp_path / "x.siam")
    os.mkfifo(tmp_path / "pipe.siam")
    with pytest.raises(RunError, match="no plain file"):
        open_pack(tmp_path / "pipe.siam")


@pytest.mark.parametrize("names", [("a.txt", "A.TXT"), ("caf\u00e9", "cafe\u0301")], ids=ascii)
def test_two_names_that_a_system_takes_for_one_are_refused(
    files: dict[str, Path], tmp_path: Path, names: tuple[str, str]
) -> None:
    twins = dict.fromkeys(names, files["config.toml"])
    write_pack(tmp_path / "x.siam", "x", files | twins, key=None)
    with pytest.raises(RunError, match="two of one name"):
        open_pack(tmp_path / "x.siam")


def test_a_compressed_file_is_refused(packed: Path) -> None:
    with zipfile.ZipFile(packed) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pack.json", members.pop("pack.json"), zipfile.ZIP_STORED)
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(RunError, match="compressed or encrypted"):
        open_pack(packed)


@pytest.mark.parametrize("length", [3, 300])
def test_a_file_that_is_not_what_the_list_says_is_refused(packed: Path, length: int) -> None:
    forge(packed, lambda _, members: members.update({"config.toml": b"x" * length}))
    with pytest.raises(RunError, match="config.toml is not the file that its list names"):
        unpack_files(open_pack(packed), packed.parent / "out")


def test_a_pinned_key_lets_in_what_it_signed_alone(
    files: dict[str, Path],
    packed: Path,
    keys: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signed = tmp_path / "signed.siam"
    write_pack(signed, "pets-1", files, key=keys["mine"])
    assert open_pack(signed).signed
    assert open_pack(signed, trusted=keys["mine public"]).hash == open_pack(packed).hash
    with pytest.raises(RunError, match="signed by no key of"):
        open_pack(signed, trusted=keys["other public"])
    both = tmp_path / "both.pub"
    both.write_bytes(keys["other public"].read_bytes() + keys["mine public"].read_bytes())
    monkeypatch.setenv("SIAM_TRUSTED_KEYS", str(both))
    assert open_pack(signed).signed
    with pytest.raises(RunError, match="It is not signed"):
        open_pack(packed)
    forge(signed, lambda told, _: told.update(siam="9"))
    with pytest.raises(RunError, match="signed by no key of"):
        open_pack(signed)


def test_a_key_of_another_kind_is_refused(
    files: dict[str, Path], packed: Path, keys: dict[str, Path], tmp_path: Path
) -> None:
    for name in ("mine public", "none"):
        with pytest.raises(UsageError, match="holds no private key"):
            write_pack(tmp_path / "x.siam", "x", files, key=keys.get(name, tmp_path / "none"))
    for trusted in (keys["mine"], tmp_path / "none"):
        with pytest.raises(UsageError, match="public keys"):
            open_pack(packed, trusted=trusted)
    assert not (tmp_path / "x.siam").exists()


def test_the_list_s_hash_is_the_pack_s(packed: Path) -> None:
    with zipfile.ZipFile(packed) as archive:
        assert open_pack(packed).hash == hashlib.sha256(archive.read("pack.json")).hexdigest()
