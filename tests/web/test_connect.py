"""A run that a server holds, asked from Python: what it says is what the run itself says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import siam


def without_origins(answer: Any) -> dict[str, Any]:
    """Return an answer as a dict, and nothing of where its neighbours lie on the server."""
    told: dict[str, Any] = answer.to_dict()
    for near in told["neighbours"]:
        del near["origin"], near["key"]
    return told


def test_its_answers_are_those_of_the_run(
    bundled_served: str, bundled: Path, pictures: list[Path]
) -> None:
    with siam.open(bundled) as run, siam.connect(bundled_served) as remote:
        assert (remote.name, remote.classes) == (run.name, run.classes)
        assert len(remote.index) == len(run.index)
        for options in ({}, {"k": 3}, {"where": ["label=3"], "within": 1.5}):
            own, told = run.query(pictures[0], **options), remote.query(pictures[0], **options)
            assert without_origins(told) == without_origins(own)
            assert str(told).splitlines()[:2] == str(own).splitlines()[:2]
            assert told.line in told._repr_html_()
        turned = {"invert": True, "rotate": 90, "box": (0, 0, 20, 26), "threshold": 0.9}
        own, told = run.query(pictures[1], **turned), remote.query(pictures[1], **turned)
        assert without_origins(told) == without_origins(own)
        own_pair = run.verify(pictures[0], pictures[1], false_accept_rate=0.01)
        pair = remote.verify(pictures[0], pictures[1], false_accept_rate=0.01)
        assert pair.to_dict() == own_pair.to_dict() and pair.same == own_pair.same
        assert pair.line in pair._repr_html_()
        assert np.allclose(remote.embed(pictures), run.embed(pictures), atol=1e-5)
        assert remote.embed(pictures[0]).shape == run.embed(pictures[0]).shape


def test_many_pictures_of_every_form(
    bundled_served: str, pictures: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "broken.jpg").write_text("no picture")
    forms: list[Any] = [*pictures, tmp_path / "broken.jpg", "nowhere.png", pictures[0].read_bytes()]
    with Image.open(pictures[0]) as image:
        forms += [image, np.asarray(image), image.convert("RGB")]
        with siam.connect(bundled_served) as remote:
            results = remote.query(forms, k=1)
            again = remote.query(pictures[0], k=1)
            assert remote.query([tmp_path / "broken.jpg"])[0].input.endswith("broken.jpg")
    assert [type(result).__name__ for result in results[40:42]] == ["Unreadable"] * 2
    assert results[41].error == "nowhere.png: no such file."
    assert "broken.jpg" in results[40].error and str(tmp_path) not in results[40].error
    assert all(isinstance(one, siam.Answer) for one in (*results[:40], *results[42:]))
    assert [one.input for one in results[:40]] == [str(path) for path in pictures]
    assert {one.neighbours for one in results[42:]} == {again.neighbours}


def test_what_cannot_be_read_is_an_error(bundled_served: str) -> None:
    with siam.connect(bundled_served) as remote:
        with pytest.raises(siam.PictureError, match="nowhere.png: no such file"):
            remote.query("nowhere.png")
        for ask in (remote.query, remote.embed):
            with pytest.raises(siam.PictureError):
                ask(b"no picture")
        with pytest.raises(siam.PictureError):
            remote.verify(b"no picture", b"no picture")
        with pytest.raises(siam.UsageError, match="k"):
            remote.query(np.zeros((9, 9), np.uint8), k=0)
        with pytest.raises(siam.UsageError, match="nonsense"):
            remote.query(np.zeros((9, 9), np.uint8), where="nonsense")


def test_threads_share_it(bundled_served: str, pictures: list[Path]) -> None:
    with siam.connect(bundled_served) as remote, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(remote.query, pictures))
        assert answers == remote.query(pictures)


def test_what_works_on_the_machine_of_the_run_alone(bundled_served: str) -> None:
    with siam.connect(bundled_served) as remote:
        for name in ("sort", "audit", "evaluate", "to_label", "verify_pairs", "path"):
            with pytest.raises(siam.UsageError, match=f"`{name}` works on the machine"):
                getattr(remote, name)
        with pytest.raises(siam.UsageError, match="`sync` works on the machine"):
            remote.index.sync("photos/")
        with pytest.raises(AttributeError):
            _ = remote.nonsense
        assert repr(remote) == f"<RemoteRun 'digits' at {bundled_served}>"


def test_a_run_by_its_name(bundled_served: str) -> None:
    assert siam.connect(bundled_served, run="digits").name == "digits"
    with pytest.raises(siam.RunError, match="nobody"):
        siam.connect(bundled_served, run="nobody")


def test_a_token(bundled: Path, serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    token = "a-token-of-this-test"
    monkeypatch.setenv("SIAM_SERVE_TOKEN", token)
    with serve(bundled) as address:
        with pytest.raises(siam.UsageError, match="token"):
            siam.connect(address)
        with pytest.raises(siam.UsageError, match="token"):
            siam.connect(address, token="a-token-of-another")
        monkeypatch.setenv("SIAM_TOKEN", token)
        for remote in (siam.connect(address), siam.connect(address, token=token)):
            assert len(remote.index) > 0
            remote.close()
