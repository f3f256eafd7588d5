"""Warnings are ignored in blocks of several threads, and the filters are as before afterwards."""

from __future__ import annotations

import threading
import warnings

from siam.pictures.pillow_warnings import pillow_warnings_ignored


def test_blocks_that_overlap_leave_the_filters_as_they_were() -> None:
    before = list(warnings.filters)
    first_in, second_in = threading.Event(), threading.Event()

    def first() -> None:
        with pillow_warnings_ignored():
            first_in.set()
            second_in.wait(10)

    thread = threading.Thread(target=first)
    thread.start()
    first_in.wait(10)
    with pillow_warnings_ignored():
        second_in.set()
        thread.join(10)
        warnings.warn("an odd file", stacklevel=1)  # an error in these tests, if not ignored
    assert list(warnings.filters) == before


def test_blocks_may_lie_in_each_other() -> None:
    before = list(warnings.filters)
    with pillow_warnings_ignored(), pillow_warnings_ignored():
        warnings.warn("an odd file", stacklevel=1)
    assert list(warnings.filters) == before
