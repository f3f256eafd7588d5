"""What each step of the digit chain is worth: turned off alone, and the same pictures asked again.

    python benchmarks/preparation_ablation.py [--run NAME-OR-PATH] [--count 4] [--seeds 11 12]
        [--others 80] [--only WORD]

Pictures: the kinds of `outside_pictures.py`; `--others` N times ten MNIST test digits as they are,
N times three laid on paper and photographed, and N in each of MNIST-C's ways.
A step is prepared anew only for pictures in which it changes something.
"sure" counts right labels with the verdict "match", "wrong" the wrong ones with it.
"""

from __future__ import annotations

import argparse
import inspect
import multiprocessing
import pickle
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
from outside_pictures import CORRUPTIONS, DIGIT, KINDS, files

from siam.datasets.mnist import load_mnist
from siam.engine.open_run import OpenRun, open_run
from siam.engine.query import QueryOptions, answer_batch
from siam.engine.reading import PreparedPicture
from siam.pictures import denoising, digit_chain, framing
from siam.pictures.ink import grouping, ink_detection, mark_scoring, paper_sheet, ruled_lines
from siam.pictures.preparation import Prepared, prepare_picture
from siam.pictures.reading import read_picture

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from rendering import paper  # noqa: E402
from rendering.camera import encoded, lit, photographed, seen_askew, shaded  # noqa: E402
from rendering.writing import INKS, SHEETS, chosen, jpeg  # noqa: E402

Case = tuple[str, int, bytes]  # kind, digit, file
Seen = tuple[bytes, bool, bool]  # input, blank, doubtful


def always(value: Any) -> Callable[..., Any]:
    """Return a function of anything that gives `value`."""
    return lambda *_, **__: value


def edited(name: str, old: str, new: str, home: ModuleType) -> Callable[..., Any]:
    """Return the function of a module with a piece of its source replaced."""
    whole: FunctionType = getattr(home, name)
    source = inspect.getsource(whole)
    if old not in source:
        raise ValueError(f"{name} holds no {old!r}.")
    space: dict[str, Any] = {}
    exec("from __future__ import annotations\n" + source.replace(old, new), space)
    code = space[name].__code__
    changed = FunctionType(code, whole.__globals__, name, whole.__defaults__)
    changed.__kwdefaults__ = whole.__kwdefaults__
    return changed


E, G = ink_detection, grouping
STEPS: dict[str, tuple[ModuleType, str, Callable[..., Any]]] = {
    "channels weighed": (digit_chain, "choose_channel_weights", always(None)),
    "form: smudges let pass": (framing, "are_framed", edited(
        "are_framed", "_FAINT * brightest", "0 * brightest", framing)),
    "denoising": (digit_chain, "denoise", always(None)),
    "denoising: median": (digit_chain, "denoise", edited(
        "denoise", "detection.reject_count >= _SPECKS", "False", denoising)),
    "a closer look": (digit_chain, "_zoom_in", edited(
        "_zoom_in", "mark.extent >= _SMALL", "True", digit_chain)),
    "sheet alone": (E, "is_sheet", always(False)),
    "sheet: round label": (E, "is_sheet", edited("is_sheet", "< 0.05", "< 0", paper_sheet)),
    "hidden ink in a box": (E, "is_box", always(False)),
    "placement": (E, "rate_placement", always(1.0)),
    "placement: cut": (E, "rate_placement", edited(
        "rate_placement", "_CUT if", "1.0 if", mark_scoring)),
    "placement: lying": (E, "rate_placement", edited(
        "rate_placement", "_LYING if", "1.0 if", mark_scoring)),
    "edges thrice": (E, "_detect_in_polarity", edited(
        "_detect_in_polarity", "range(3)", "range(1)", E)),
    "edges: writing freed": (
        E, "_spare_writing", lambda edge, *_: edge.astype(np.uint8) * np.uint8(255)),
    "edges: frame": (G, "_is_frame", always(False)),
    "rings": (G, "find_rings", always([])),
    "underlines": (G, "find_underlines", always(set())),
    "form's rules": (E, "find_form_rules", always([])),
    "small print": (G, "_find_print", always(set())),
    "neighbours cut by border": (G, "_belong_together", edited(
        "_belong_together", "_REACH_TO_CUT * most", "1e9", G)),
    "lines: margin": (ruled_lines, "_spans_picture", always(False)),
    "lines: not in a box": (ruled_lines, "_follow_line", edited(
        "_follow_line", "if reached[0] >", "if False and reached[0] >", ruled_lines)),
    "ruled lines": (E, "find_ruled_lines", lambda dark, _: np.zeros_like(dark)),
    "noise or several: unsure": (Prepared, "doubtful", property(always(False))),
}  # fmt: skip

PICTURES: list[Case] = []


def main() -> None:
    """Draw, prepare as it is, prepare anew what a step changed, ask the run, print."""
    parser = argparse.ArgumentParser(description="What each step of preparation is worth.")
    parser.add_argument("--run", help="a run's name or path; the newest when left out")
    parser.add_argument("--count", type=int, default=4, help="pictures of each kind and seed")
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12])
    parser.add_argument("--others", type=int, default=80)
    parser.add_argument("--only", default="", help="steps whose name holds this")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    steps = [step for step in STEPS if given.only in step]
    fork = multiprocessing.get_context("fork")
    jobs = [(kind, given.count, seed) for seed in given.seeds for kind in KINDS]
    with fork.Pool() as pool:
        PICTURES[:] = [case for part in pool.map(drawn, jobs, chunksize=2) for case in part]
    PICTURES.extend(others(given.others, np.random.default_rng(given.seeds)))
    with fork.Pool() as pool:
        done = pool.map(ablated, [(k, steps) for k in range(len(PICTURES))], chunksize=16)
    with open_run(given.run) as run:
        answers = asked(run, sorted({seen[0] for each in done for seen in each.values()}))
    print(f"{len(PICTURES)} pictures\n{'without':26}changed right  sure wrong  loses / gains")
    for step in ("", *steps):
        print(row(step, done, answers))


def ablated(task: tuple[int, list[str]]) -> dict[str, Seen]:
    """Return a picture's input as it is ("") and without each step that changes something."""
    k, steps = task
    fired: set[str] = set()
    kept = {(STEPS[s][0], STEPS[s][1]): getattr(*STEPS[s][:2]) for s in steps}
    patches = [patch.object(*place, watched(place, kept[place], steps, fired)) for place in kept
               if place[0] is not Prepared]  # fmt: skip
    for one in patches:
        one.start()
    found = {"": seen(PICTURES[k][2])}
    for one in patches:
        one.stop()
    for step in steps:
        if step in fired or STEPS[step][0] is Prepared:
            with patch.object(*STEPS[step]):
                found[step] = seen(PICTURES[k][2])
    return found


def watched(
    place: tuple[Any, str], whole: Callable[..., Any], steps: list[str], fired: set[str]
) -> Callable[..., Any]:
    """Return a function that gives its own result and notes which steps would change it."""

    def result(*args: Any, **kwargs: Any) -> Any:
        found = whole(*args, **kwargs)
        for step in steps:
            if STEPS[step][:2] == place and step not in fired:
                other = STEPS[step][2](*args, **kwargs)
                if pickle.dumps(other) != pickle.dumps(found):
                    fired.add(step)
        return found

    return result


def seen(content: bytes) -> Seen:
    prepared = prepare_picture(read_picture(content, enough=DIGIT.enough), DIGIT)
    return prepared.pixels.tobytes(), prepared.blank, prepared.doubtful


def asked(run: OpenRun, inputs: list[bytes]) -> dict[bytes, tuple[str, bool]]:
    """Return the label of each input and whether it is a match."""
    pixels = np.frombuffer(b"".join(inputs), np.uint8).reshape(-1, 28, 28, 1)
    reads = [PreparedPicture("", Prepared(one, (), {}, ())) for one in pixels]
    answers = answer_batch(run, reads, QueryOptions(neighbours=False))
    said = [(answer.label, answer.verdict == "match") for answer in answers]
    return dict(zip(inputs, said, strict=True))


def row(step: str, done: list[dict[str, Seen]], answers: dict[bytes, tuple[str, bool]]) -> str:
    """Return a line of the table."""
    right = sure = wrong = changed = 0
    lost, won = Counter[str](), Counter[str]()
    for (kind, digit, _), each in zip(PICTURES, done, strict=True):
        good = []
        for found in (each[""], each.get(step, each[""])):
            label, match = answers[found[0]]
            good.append(label == str(digit) and not found[1])
        right += good[1]
        match = match and not any(found[1:])
        sure += match and good[1]
        wrong += match and not good[1]
        changed += step in each and each[step][0] != each[""][0]
        lost[kind] += good[0] and not good[1]
        won[kind] += good[1] and not good[0]
    text = [" ".join(f"{n} {kind}" for kind, n in some.most_common() if n) for some in (lost, won)]
    return f"{step or '(nothing)':26}{changed:7}{right:6}{sure:6}{wrong:6}  {text[0]} / {text[1]}"


def drawn(job: tuple[str, int, int]) -> list[Case]:
    kind, count, seed = job
    few = 2 if kind == "photo_large" else count
    return [(kind, *case) for case in files(kind, few, seed, load_mnist().test)]


def others(count: int, rng: np.random.Generator) -> list[Case]:
    """Return MNIST's own pixels: as files, photographed on paper, and spoilt in MNIST-C's ways."""
    test = load_mnist().test
    order = rng.permutation(len(test.labels))[: 10 * count]
    digits = [(int(test.labels[k]), test.pictures[k, :, :, 0]) for k in order]
    made = [("mnist", digit, encoded(pixels, "PNG")) for digit, pixels in digits]
    made += [("on paper", digit, on_paper(pixels, rng)) for digit, pixels in digits[: 3 * count]]
    for name, corrupt in CORRUPTIONS.items():
        made += [(f"MNIST-C {name}", digit, encoded(corrupt(pixels, rng), "PNG"))
                 for digit, pixels in digits[:count]]  # fmt: skip
    return made


def on_paper(digit: np.ndarray, rng: np.random.Generator) -> bytes:
    """A test digit's own pixels as ink on a sheet, lit, shaded, on a table or not, photographed."""
    height = int(rng.integers(250, 900))
    width = int(height * rng.uniform(0.75, 1.4))
    sheet = paper.fibrous(height, width, chosen(rng, SHEETS), rng)
    if rng.random() < 0.3:
        sheet = paper.ruled(sheet, rng, pitch=rng.uniform(0.07, 0.2) * height,
                            colour=(0.6, 0.68, 0.85), square=bool(rng.random() < 0.4))  # fmt: skip
    tall = round(rng.uniform(0.4, 0.9) * min(height, width))
    ink = cv2.resize(digit.astype(np.float32) / 255, (tall, tall), interpolation=cv2.INTER_CUBIC)
    ink = np.clip(2 * ink - 0.5, 0, 1)[..., None] * rng.uniform(0.6, 1.0)
    top, left = (round((room - tall) * rng.uniform(0.1, 0.9)) for room in (height, width))
    part = sheet[top : top + tall, left : left + tall]
    part[:] = part * (1 - ink) + np.array(chosen(rng, INKS)) * ink
    scene = lit(sheet, rng, fall=rng.uniform(0.1, 0.35))
    if rng.random() < 0.4:
        scene = shaded(scene, rng, depth=rng.uniform(0.1, 0.45), soft=rng.uniform(0.05, 0.3))
    if rng.random() < 0.4:
        table = paper.wooden(*scene.shape[:2], rng)
        scene = seen_askew(scene, rng, table, tilt=0.04, shrink=rng.uniform(0.7, 0.95))
    blur = rng.uniform(0.3, 1.5) * width / 500
    return jpeg(photographed(scene, rng, blur=blur, noise=rng.uniform(0.005, 0.03)), rng)


if __name__ == "__main__":
    main()
