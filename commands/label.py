"""`siam label`: a folder's pictures, those that teach most first, and a key for each label."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siam.commands import console
from siam.commands.interruption import interruptible
from siam.commands.options import AsJson, RunName, StoreAddress
from siam.printable import printable

if TYPE_CHECKING:
    from siam.engine.labelling.session import Labelling, Question

__all__ = ["label"]

KEPT = "every label so far is kept. Run it again to go on."
ENTER, NEW, SKIP, UNDO, QUIT = "", "n", "s", "u", "q"
KEYS = "123456789abcdefghijklmoprtvwxyz"  # without those that mean something else
NAMES = {"\r": ENTER, "\n": ENTER, "\x04": QUIT, "\x1a": QUIT, "\x1b": QUIT}
# Lines of a terminal that are not the picture's.
TEXT = 8
LARGEST = 100  # columns


def label(
    folder: Annotated[Path, typer.Argument(help="Of pictures, and of folders of them.")],
    run: RunName = None,
    store: StoreAddress = None,
    as_json: AsJson = False,
) -> None:
    """Label pictures by a key each, those that teach the run most first.

    Shows each picture in the terminal with a guess. Every label is searchable, and kept, at once;
    pictures that have one already are left out. Where standard input is no terminal, it takes a
    line a picture: a key, or a label. Exit code: 3 where a picture could not be read.
    """
    from siam.engine.index.sync import open_to_index
    from siam.engine.labelling.session import Labelling

    with open_to_index(run, store=store) as opened, interruptible(KEPT):
        if opened.encoder.notice:
            console.notice(opened.encoder.notice)
        session = Labelling(opened, folder, progress=console.progress)
        unread = session.skipped
        ask_all(session)
        question = session.question()
    done = [step for step in session.steps if step.label is not None]
    left = question.left if question else 0
    if as_json:
        labelled = [
            {"input": session.answers[step.row].input, "label": step.label} for step in done
        ]
        console.json_object(
            {
                "run": opened.name,
                "labelled": labelled,
                "passed_over": len(session.steps) - len(done),
                "left": left,
                "skipped": [{"input": skip.path, "error": skip.reason} for skip in session.skipped],
            }
        )
    else:
        passed = len(session.steps) - len(done)
        pictures = f"{len(done):,} picture{'s' * (len(done) != 1)}"
        console.data(f"{pictures} labelled, {passed:,} passed over, {left:,} left.")
        if done:
            console.notice(f"Learn from them:  siam train --from {opened.name}")
    console.name_skipped(unread)
    if session.skipped:
        raise typer.Exit(3)


def ask_all(session: Labelling) -> None:
    """Ask about one picture after the other, until all are done or there is no more input."""
    from siam.errors import DataError, UsageError

    shown: Path | None = None
    keys: dict[str, str] = {}
    while (question := session.question()) is not None:
        keys = keys_of(session.labels(), keys)
        if question.path != shown:
            show(question, keys)
            shown = question.path
        word = read_word()
        try:
            if word is None or word == QUIT:
                return
            if word == SKIP:
                session.skip()
            elif word == UNDO:
                taken = session.undo()
                console.notice(f"Taken back: {taken or 'passed over'}.")
            elif (name := meant(word, keys, question)) is not None:
                console.notice(f"{session.label(name)}: {question.answer.input}")
        except (UsageError, DataError) as error:  # of this picture, or of this key
            console.notice(error.problem)


def meant(word: str, keys: dict[str, str], question: Question) -> str | None:
    """Return the label that is meant by what was typed; None, and say why, where there is none."""
    if word == ENTER:
        if question.answer.label is None:
            console.notice("There is no guess for this one. n: a new label, s: pass it over.")
        return question.answer.label
    if word == NEW:
        return read_line("New label: ")
    if word[:2] == f"{NEW} ":
        return word[2:]
    if word in keys.values():
        return word
    if word.lower() not in keys:
        console.notice(f"No label has the key '{printable(word)}'. n: a new label.")
    return keys.get(word.lower())


def keys_of(labels: Sequence[str], known: Mapping[str, str]) -> dict[str, str]:
    """Return a key for each label, as far as there are keys: its own where it is a letter.

    Args:
        labels: that the index holds.
        known: key -> label, from the picture before: a finger has learned them.

    Example:
        >>> keys_of(["7", "B", "cat", "dog", "s"], {"1": "dog"})
        {'1': 'dog', '7': '7', 'b': 'B', '2': 'cat', '3': 's'}
    """
    new = [one for one in labels if one not in known.values()]
    own = {one.lower(): one for one in new if one.lower() in {*KEYS, "0"} - known.keys()}
    free = [key for key in KEYS if key not in known and key not in own]
    others = [one for one in new if one not in own.values()]
    return {**known, **own, **dict(zip(free, others, strict=False))}


def show(question: Question, keys: dict[str, str]) -> None:
    """Draw the picture where there is a terminal to; say the guess and what each key means."""
    size = shutil.get_terminal_size()
    if sys.stdout.isatty():
        console.drawing(drawn(question, min(size.columns - 1, LARGEST), size.lines - TEXT))
    answer = question.answer
    guess = "no guess"
    if answer.label is not None:
        guess = f"{answer.label}? {answer.probability:.1%} probable, {answer.verdict}"
    console.notice(f"{answer.input}: {guess}. {question.left:,} left.")
    labels = [key if key == name else f"{key}={name}" for key, name in keys.items()]
    enter = [f"Enter={answer.label}"] if answer.label is not None else []
    words = [*enter, *labels, "n=new label", "s=skip", "u=undo", "q=quit"]
    console.notice(
        textwrap.fill(
            "  ".join(printable(word).replace(" ", "\0") for word in words), size.columns
        ).replace("\0", " ")
    )


def drawn(question: Question, columns: int, lines: int) -> str:
    """Draw a picture as it is, not as the network sees it; "" where it is gone since."""
    import numpy as np

    from siam.commands.half_blocks import draw_picture, shows_colours
    from siam.errors import PictureError
    from siam.pictures.reading import read_picture

    try:
        image = read_picture(question.path, name=question.answer.input, enough=4 * columns)
    except PictureError:
        return ""
    picture = np.asarray(image.convert("RGB"))
    return draw_picture(
        picture, columns=max(1, columns), lines=max(1, lines), colours=shows_colours()
    )


def read_word() -> str | None:
    """Return the key that was pressed, or the next line where there is no keyboard; None = end."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        return line.strip() if line else None
    try:
        key = typer.getchar()
    except EOFError:
        return None
    return NAMES.get(key, key)


def read_line(prompt: str) -> str | None:
    """Return a line that is typed; None where there is none."""
    if sys.stdin.isatty():
        print(prompt, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() or None
