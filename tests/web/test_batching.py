"""Requests that come together are answered together, each with its own options and errors."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from siam.engine.answers.answer import Answer, Unreadable
from siam.engine.answers.decision import QueryOptions
from siam.engine.open_run import OpenRun, open_run
from siam.engine.query import answer_batch
from siam.engine.reading import PreparedPicture, read_one
from siam.errors import UsageError
from siam.web import batching
from siam.web.batching import LARGEST, Batches, Job


@pytest.fixture
def run(digits: Path) -> Iterator[OpenRun]:
    with open_run(str(digits)) as opened:
        yield opened


@pytest.fixture
def picture(run: OpenRun, digit: bytes) -> PreparedPicture:
    read = read_one(("a.png", digit), run.config.preparation)
    assert isinstance(read, PreparedPicture)
    return read


def test_each_job_gets_its_own_answers(run: OpenRun, picture: PreparedPicture) -> None:
    few, many = QueryOptions(k=1), QueryOptions(k=5)
    bad = Unreadable("b.png", "no picture")
    jobs = [
        Job(run, [picture], few),
        Job(run, [bad, picture], many),
        Job(run, [picture], QueryOptions(where=("nothing=1",))),
        Job(run, [picture, picture], None),
        Job(run, [bad], few),
    ]
    batches = Batches()
    assert not batches.join(jobs)
    assert (batches.calls, batches.pictures) == (1, 5)
    alone = answer_batch(run, [picture], few)
    assert jobs[0].future.result() == alone
    unreadable, answer = jobs[1].future.result()
    assert unreadable is bad and len(answer.neighbours) == 5
    with pytest.raises(UsageError, match="nothing"):
        jobs[2].future.result()
    vectors = jobs[3].future.result()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert jobs[4].future.result() == [bad]


def test_an_encoder_that_fails_fails_those_who_asked_it(
    run: OpenRun, picture: PreparedPicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "encode_batch", lambda *_: 1 / 0)
    job = Job(run, [picture], None)
    batches = Batches()
    batches.join([job])
    with pytest.raises(ZeroDivisionError):
        job.future.result()
    monkeypatch.undo()
    after = Job(run, [picture], QueryOptions())
    batches.join([after])
    assert isinstance(after.future.result()[0], Answer)


def test_a_batch_is_bounded(run: OpenRun, picture: PreparedPicture) -> None:
    batches = Batches()
    jobs = [Job(run, [picture] * 40, None) for _ in range(3)]
    batches.join(jobs)
    assert batches.calls == 3  # two of them would be more than a batch
    large = Job(run, [picture] * (LARGEST + 1), None)
    batches.join([large])  # which goes alone
    assert len(large.future.result()) == LARGEST + 1


def test_nobody_waits_for_those_who_came_after(
    run: OpenRun, picture: PreparedPicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under load there is always another job: the thread that answers goes on with its own."""
    batches = Batches()
    answered: list[int] = []

    def answer(jobs: Sequence[Job]) -> None:
        assert len(answered) < 100, "the first one waits still"
        answered.append(len(jobs))
        batches._waiting.append(Job(run, [picture], None))
        for job in jobs:
            job.future.set_result([])

    monkeypatch.setattr(batching, "answer_jobs", answer)
    first = Job(run, [picture], None)
    assert batches.join([first])
    assert first.future.done() and len(answered) == 1
    assert batches.join()  # the next one, and again another has come
    assert len(answered) == 2


def test_who_finds_the_encoder_busy_leaves_its_job_there(
    run: OpenRun, picture: PreparedPicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = Batches()
    begun, free = threading.Event(), threading.Event()
    encode = batching.encode_batch

    def slow(opened: OpenRun, pictures: Sequence[PreparedPicture | Unreadable]) -> np.ndarray:
        begun.set()
        assert free.wait(30)
        return encode(opened, pictures)

    monkeypatch.setattr(batching, "encode_batch", slow)
    first, second, third = (Job(run, [picture], None) for _ in range(3))
    left: list[bool] = []
    thread = threading.Thread(target=lambda: left.append(batches.join([first])))
    thread.start()
    assert begun.wait(30)
    assert not batches.join([second]) and not batches.join([third])
    assert not second.future.done()
    free.set()
    thread.join(30)
    assert first.future.done() and left == [True]
    assert not batches.join()  # as who was told is to do
    assert second.future.done() and third.future.done()
    assert batches.calls == 2
