"""HTTP by httptools, which is Node's parser, with a bound for the head of a request.

Beside h11, which is written in Python, a question about a digit takes a sixth less of the
processor; but httptools takes in as many headers as are sent.
"""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["HttpProtocol"]

# Bytes of a request's first line and headers that are waited for.
HEAD = 32 * 2**10


class HttpProtocol(HttpToolsProtocol):
    """A connection on which the head of a request is bounded."""

    _unfinished = False  # whether a head has begun and not ended
    _more = 0  # bytes of it that came after those which it began with

    def on_message_begin(self) -> None:
        """Note that the head of a request begins."""
        super().on_message_begin()
        self._unfinished, self._more = True, -1

    def on_headers_complete(self) -> None:
        """Note that it ends."""
        self._unfinished = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Take in what has come, where it is not too much of a head.

        What a head begins with is what one reading brings, 256 KiB at most, and is not counted: the
        end of another request may lie before it.
        """
        super().data_received(data)
        if self._unfinished:
            self._more = self._more + len(data) if self._more >= 0 else 0
            if self._more > HEAD and not self.transport.is_closing():
                self.send_400_response("The head of the request is too large.")
