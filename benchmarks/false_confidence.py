"""How often a run calls a match what it knows nothing of, and how many of its own it still does.

    python benchmarks/false_confidence.py FOLDER-OR-ZIP ... --run NAME-OR-PATH [--run ...]
        [--letters images_background.zip] [--count 40] [--seed 0] [--json]

Every run is asked about pictures of the folders that it was not trained on, Omniglot's letters,
noise and blank pictures, as files, the way `siam query` asks. `kept` is the share of its own test
pictures, of those whose label is right, that are called a match.
Bar: at most 2 % of each kind a match, at least 90 % kept.
"""

from __future__ import annotations

import argparse
import io
import json
import platform
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from siam.engine.answers.answer import Answer
from siam.engine.open_run import OpenRun, open_run
from siam.engine.query import QueryOptions, answer_batch, query_pictures
from siam.engine.reading import PreparedPicture
from siam.pictures.preparation import Prepared
from siam.run_files import HELD_OUT_FILE
from siam.runs.held_out import load_held_out
from siam.training.device import processor_name

SIDE = 128  # of noise and of blank pictures, in pixels
VERDICTS = QueryOptions(neighbours=False)
SUFFIXES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class Row:
    """How a run answers one kind of picture.

    Attributes:
        run: its name.
        kind: what it was asked about.
        count: how many pictures.
        match: share of them called a match, 0 to 1.
    """

    run: str
    kind: str
    count: int
    match: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask every run about every kind of picture, and print a table."""
    parser = argparse.ArgumentParser(description="Matches of pictures that a run does not know.")
    parser.add_argument("folders", nargs="+", type=Path, help="folders or .zip files of pictures")
    parser.add_argument("--run", action="append", required=True, help="a run's name or path")
    parser.add_argument("--letters", type=Path, help="Omniglot's images_background.zip")
    parser.add_argument("--count", type=int, default=40, help="pictures of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, no table")
    options = parser.parse_args(arguments)
    machine = f"{processor_name()}, Python {platform.python_version()}"
    table = sys.stderr if options.json else sys.stdout
    print(machine, file=table)
    rows: list[Row] = []
    for name in options.run:
        with open_run(name, also=(HELD_OUT_FILE,)) as run:
            for row in answers_of(run, options):
                rows.append(row)
                line = f"{row.run:20} {row.kind:14} {row.count:6,} pictures {row.match:7.1%} match"
                print(line, file=table, flush=True)
    if options.json:
        listed = [asdict(row) for row in rows]
        print(json.dumps({"benchmark": "false_confidence", "machine": machine, "rows": listed}))


def answers_of(run: OpenRun, options: argparse.Namespace) -> Iterator[Row]:
    """Ask one run; its own test pictures come first, as "kept"."""
    yield kept(run)
    sources = [folder for folder in options.folders if folder.stem != run.config.name]
    if options.letters:
        sources.append(options.letters)
    for source in sources:
        yield asked(run, source.stem, files_of(source, options.count, options.seed))
    for kind, contents in made(options.count, options.seed).items():
        yield asked(run, kind, contents)


def asked(run: OpenRun, kind: str, contents: Sequence[bytes]) -> Row:
    """Ask about pictures in files."""
    sources = [(f"{kind} {place}", content) for place, content in enumerate(contents)]
    answers = query_pictures(run, sources, options=VERDICTS)
    matches = [isinstance(one, Answer) and one.verdict == "match" for one in answers]
    return Row(run.name, kind, len(matches), float(np.mean(matches)))


def kept(run: OpenRun) -> Row:
    """Ask about the run's own test pictures whose label it gets right."""
    _, test = load_held_out(run.path)
    read = [
        PreparedPicture(origin, Prepared(picture, (), {}, ()))
        for origin, picture in zip(test.origins, test.pictures, strict=True)
    ]
    answers = [one for one in answer_batch(run, read, VERDICTS) if isinstance(one, Answer)]
    names = [run.config.classes[label] for label in test.labels]
    right = [a for a, name in zip(answers, names, strict=True) if a.label == name]
    return Row(run.name, "kept", len(right), float(np.mean([a.verdict == "match" for a in right])))


def files_of(source: Path, count: int, seed: int) -> list[bytes]:
    """Return the content of some picture files of a folder or an archive."""
    rng = np.random.default_rng(seed)
    if source.is_dir():
        paths = sorted(p for p in source.rglob("*") if p.suffix.lower() in SUFFIXES)
        return [paths[place].read_bytes() for place in rng.permutation(len(paths))[:count]]
    with zipfile.ZipFile(source) as archive:
        names = sorted(n for n in archive.namelist() if n.lower().endswith(SUFFIXES))
        return [archive.read(names[place]) for place in rng.permutation(len(names))[:count]]


def made(count: int, seed: int) -> dict[str, list[bytes]]:
    """Return files of noise, grey and in colour, fine and coarse, and of single colours."""
    rng = np.random.default_rng(seed)
    grey = rng.integers(0, 256, (count, SIDE, SIDE, 1)).repeat(3, axis=3)
    colour = rng.integers(0, 256, (count, SIDE, SIDE, 3))
    coarse = rng.integers(0, 256, (count, 8, 8, 3)).repeat(SIDE // 8, 1).repeat(SIDE // 8, 2)
    plain = rng.integers(0, 256, (count, 1, 1, 3)).repeat(SIDE, 1).repeat(SIDE, 2)
    kinds = {"grey noise": grey, "colour noise": colour, "coarse noise": coarse, "blank": plain}
    return {kind: [png(one) for one in pictures] for kind, pictures in kinds.items()}


def png(pixels: np.ndarray) -> bytes:
    """Return a picture as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


if __name__ == "__main__":
    main()
