"""The pictures that `siam demo` asks about."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from siam.engine.answers.answer import Answer
from siam.engine.demo import write_pictures
from siam.engine.open_run import open_run
from siam.engine.query import query_pictures


def test_they_are_two_of_a_class_one_of_another_and_a_scribble(
    trained: Path, tmp_path: Path
) -> None:
    paths = write_pictures(str(trained), tmp_path / "new")
    digit, same, other, scribble = (path.name for path in paths)
    assert same == f"another-{digit}" and other != digit and scribble == "scribble.png"
    for path in paths:
        grey = np.asarray(Image.open(path))
        assert grey.shape[0] >= 200 and grey[0, 0] > 200 > 100 > grey.min()
    with open_run(str(trained)) as run:
        answers = list(query_pictures(run, [(path.name, path) for path in paths[:3]]))
    assert all(isinstance(answer, Answer) for answer in answers)
    labels = [answer.label for answer in answers if isinstance(answer, Answer)]
    assert labels == [digit[0], digit[0], other[0]]
