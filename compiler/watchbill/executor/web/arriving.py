"""How a request may arrive: whole within a while, its head bounded, nothing behind its body.

The server bounds none of it: without this, whoever reaches the port could hold connections with heads that never end, fill
the memory with them, or send after the body, as a trailer, a header that a proxy has taken care to remove.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD = 64 * 1024  # bytes of the request line and the headers
WHOLE = 15.0  # seconds for all of a request: more than its body gets, so that who is slow hears why


class Bounded(HttpToolsProtocol):
    """Uvicorn's protocol with these bounds; whoever breaks one is answered 400, or nothing, and the connection is closed."""

    _late: asyncio.TimerHandle | None = None
    _arrived = 0  # bytes of a head that is not whole
    _headed = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._no_longer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._headed:
            self._arrived += len(data)
        super().data_received(data)
        if not self._headed and self._arrived > HEAD and not self.transport.is_closing():
            self.send_400_response(f"The head of the request is longer than {HEAD} bytes.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._wait()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._headed:
            raise ValueError("a header behind the body")  # the parser makes it a request that is invalid
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._headed = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._arrived, self._headed = 0, False
        self._no_longer()

    def _wait(self) -> None:
        self._no_longer()
        self._late = self.loop.call_later(WHOLE, self.transport.close)

    def _no_longer(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
