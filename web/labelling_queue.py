"""The pictures of a folder that are labelled in the page: looked at in a thread, then asked about.

One queue for all who label: a label answers the question that was asked, or is refused.
"""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

from siam.engine.index.sent_pictures import as_label
from siam.engine.labelling.session import Labelling, Question
from siam.errors import SiamError
from siam.pictures.names import to_text
from siam.web.api_error import ApiError, translate
from siam.web.served_runs import ServedRuns

__all__ = ["LabellingQueue"]

# Longer side in pixels of a picture that is shown.
SHOWN = 512


class LabellingQueue:
    """The questions of `siam.engine.labelling.session.Labelling`, for a page.

    Args:
        runs: whose default run the labels go to, opened for writing.
        folder: of the pictures.
    """

    def __init__(self, runs: ServedRuns, folder: Path) -> None:
        self._runs = runs
        self._folder = folder
        self._lock = threading.Lock()
        self._served = runs.take(None)
        self._session: Labelling | None = None
        self._error: Exception | None = None
        self._looked_at = (0, 0)
        self._over = False
        self._thread = threading.Thread(target=self._look, name="labelling", daemon=True)
        self._thread.start()

    def _look(self) -> None:
        try:
            self._session = Labelling(self._served.opened, self._folder, progress=self._note)
        except InterruptedError:
            pass  # nobody asks any more
        except Exception as error:
            self._error = error

    def _note(self, what: str, done: int, total: int) -> None:
        self._looked_at = (done, total)
        if self._over:
            raise InterruptedError

    def _begun(self) -> Labelling:
        if self._error is not None:
            raise self._name_below(self._error)
        if self._session is None:
            done, total = self._looked_at
            raise ApiError(
                503,
                "looking",
                f"The pictures are being looked at: {done:,} of {total:,}.",
                "Ask again.",
                1,
            )
        return self._session

    def _name_below(self, error: Exception) -> ApiError:
        """Translate an error, its pictures named below the folder and not by where that lies."""
        if isinstance(error, SiamError):
            for place in (self._folder.resolve().as_posix(), self._folder.as_posix()):
                for name, short in ((f"{place}/", ""), (place, self._folder.name)):
                    error.problem = error.problem.replace(to_text(name), to_text(short))
        return translate(error)

    def state(self) -> dict[str, Any]:
        """Return the question, the labels there are, and what was done so far.

        While the pictures are being looked at there is no question, but "looking": how many were
        looked at, and of how many.

        Raises:
            ApiError: there are no pictures, or the folder cannot be read.
        """
        if self._session is None and self._error is None:
            done, total = self._looked_at
            return {
                "question": None,
                "labels": [],
                "done": 0,
                "can_undo": False,
                "looking": {"done": done, "total": total},
            }
        session = self._begun()
        with self._lock:
            return self._state(session)

    def _state(self, session: Labelling) -> dict[str, Any]:
        question = session.question()
        return {
            "question": None if question is None else self._told(question),
            "labels": session.labels(),
            "done": sum(step.label is not None for step in session.steps),
            "can_undo": bool(session.steps),
        }

    def _told(self, question: Question) -> dict[str, Any]:
        answer = question.answer
        return {
            "key": self._key(question),
            "label": answer.label,
            "verdict": answer.verdict,
            "probability": round(answer.probability, 6),
            "left": question.left,
        }

    def _key(self, question: Question) -> str:
        return to_text(question.path.relative_to(self._folder).as_posix())

    def act(self, verb: str, key: str | None, label: str = "") -> dict[str, Any]:
        """Label the picture that is asked about, pass it over, or take back the last step.

        Args:
            verb: "label", "skip" or "undo".
            key: of the picture that is meant; None for whichever is asked about.
            label: for "label".

        Raises:
            ApiError: another picture is asked about by now.
            UsageError: no picture is left, no label, or nothing to undo.
        """
        session = self._begun()
        with self._lock:
            question = session.question()
            if key is not None and (question is None or self._key(question) != key):
                raise ApiError(
                    409, "question", "Another picture is asked about by now.", "Look at that one."
                )
            try:
                if verb == "label":
                    session.label(as_label(label) or "")
                elif verb == "skip":
                    session.skip()
                else:
                    session.undo()
            except SiamError as error:
                raise self._name_below(error) from None
            return self._state(session)

    def picture(self) -> bytes:
        """Return the picture that is asked about as a PNG, never larger than a page shows it.

        Raises:
            ApiError: no picture is left.
            PictureError: it cannot be read any more.
        """
        from siam.pictures.conversion import convert_to_grey_or_rgb, reduce_to, turn_upright
        from siam.pictures.reading import read_picture

        with self._lock:
            question = self._begun().question()
        if question is None:
            raise ApiError(404, "no_question", "No picture is left to label.")
        image = read_picture(question.path, name=self._key(question), enough=SHOWN)
        shown = convert_to_grey_or_rgb(turn_upright(reduce_to(image, SHOWN)))
        shown.thumbnail((SHOWN, SHOWN))
        content = io.BytesIO()
        shown.save(content, "PNG")
        return content.getvalue()

    def close(self) -> None:
        """Let the run go, once it is not looked at any more."""
        self._over = True
        self._thread.join()
        self._runs.give(self._served)
