"""Cases of a fuzzing session: interrupted trainings that somebody else may have begun."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from mutate import VALUES, mutate, mutate_json

NAME = "begun"
# Two epochs of three steps.
FEW = {
    "epochs": "2",
    "precision": "float32",
    "classes_per_batch": "2",
    "pictures_per_class": "2",
}
SCALARS = (-1, 0, 1, 2, 10**6, 1 << 62, 0.5, 1e300, float("nan"), float("inf"), -1e-300)
TYPES = ("float64", "float16", "int64", "uint8", "bool", "complex64", "U3", "S2", "M8[s]")


def begin_training(folder: Path, place: Path) -> None:
    """Lay out a training that was interrupted within its second epoch, by a child process.

    Args:
        folder: holds `photos` and `runs`.
        place: where a copy of `folder` will stand when the training goes on.
    """
    if child := os.fork():
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, "no training was begun"
        return
    from siam.engine.train import train_run
    from siam.runs.config import DataChoice, TrainChoice

    os.environ["SIAM_RUNS"] = str(folder / "runs")
    steps = 0

    def interrupt(stage: Any, done: int, total: int) -> None:
        nonlocal steps
        steps += str(stage).startswith("Training")
        if steps > 1 and done > total / 2:
            raise KeyboardInterrupt

    try:
        train_run(
            DataChoice(dataset=str(folder / "photos")),
            TrainChoice(preset="quick", overrides=FEW),
            name=NAME,
            progress=interrupt,
        )
    except KeyboardInterrupt:
        config = folder / "runs" / f"{NAME}.partial" / "config.toml"
        config.write_text(config.read_text("utf-8").replace(str(folder), str(place)), "utf-8")
        os._exit(0)
    os._exit(1)


def resumed_training(run: Path, draw: random.Random) -> list[str]:
    """The state of an interrupted training: its arrays, its configuration, its history."""
    partial = run.with_name(f"{NAME}.partial")
    command = ["train", "--resume", "--name", NAME]
    if draw.random() < 0.6:
        mutate_checkpoint(partial / "checkpoint.npz", draw)
        return command
    paths = sorted(path for path in partial.rglob("*") if path.is_file())
    path = draw.choice([*paths, *[partial / "config.toml"] * 4])
    content = path.read_bytes()
    if path.suffix == ".toml" and draw.random() < 0.7:
        content = mutate_setting(content, draw)
    else:
        content = mutate(path.name, content, draw)
    path.write_bytes(content)
    return draw.choice([command, command, ["runs"], ["train", "--resume"]])


def mutate_setting(content: bytes, draw: random.Random) -> bytes:
    """Return a configuration with one of its lines given another value, or twice, or not."""
    lines = content.decode().splitlines()
    at = draw.randrange(len(lines))
    name = lines[at].split("=")[0]
    value = draw.choice([value for value in VALUES if value is not None and value != "\ud800"])
    match draw.randrange(4):
        case 0:
            del lines[at]
        case 1:
            lines.insert(draw.randrange(len(lines)), lines[at])
        case _:
            lines[at] = f"{name}= {msgspec.json.encode(value).decode()}"
    return "\n".join(lines).encode()


def mutate_checkpoint(path: Path, draw: random.Random) -> None:
    """Change a training's state by its bytes, or one of its arrays by what it holds."""
    if draw.random() < 0.2:
        path.write_bytes(mutate(path.name, path.read_bytes(), draw))
        return
    with np.load(path) as content:
        arrays = dict(content)
    groups = sorted({name.split("_")[0] for name in arrays})
    group = draw.choice(groups)
    name = draw.choice([name for name in arrays if name.split("_")[0] == group])
    value = arrays[name]
    if name == "history" and draw.random() < 0.8:
        arrays[name] = np.frombuffer(mutate_json(value.tobytes(), draw), np.uint8)
    else:
        arrays.update(mutate_array(name, value, draw))
    np.savez(path, **{name: value for name, value in arrays.items() if value.size or value.ndim})


def mutate_array(name: str, value: np.ndarray, draw: random.Random) -> dict[str, np.ndarray]:
    """Return an array, or several, in the place of one."""
    match draw.randrange(6):
        case 0:
            return {name: np.full_like(value, draw.choice((0, 1, 255 if value.ndim else 3)))}
        case 1:
            return {name: np.full(value.shape, draw.choice(SCALARS))}
        case 2:
            with np.errstate(all="ignore"):
                return {name: value.astype(draw.choice(TYPES))}
        case 3:
            return {name: draw.choice([value[..., None], value.reshape(-1)[:-1], value.T])}
        case 4:
            return {name: np.empty((0,)), f"{name}x": value}
        case _:
            return {f"{name.split('_')[0]}_99": value}
