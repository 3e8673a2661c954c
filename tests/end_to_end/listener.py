"""A server of the tests: it is scraped, and it receives whatever leaves the system under test."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Heard(NamedTuple):
    """A message that reached the listener."""

    path: str
    authorization: str | None
    body: dict[str, Any]


class Listener:
    """What is scraped, and what receives: GET gives the metrics of `series`, POST and PUT are remembered."""

    def __init__(self) -> None:
        self.series: dict[str, float] = {}
        self.heard: list[Heard] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                text = "".join(f"{name} {value}\n" for name, value in dict(listener.series).items())
                self._answer(text.encode(), "text/plain; version=0.0.4")

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                listener.heard.append(Heard(self.path, self.headers["Authorization"], body))
                self._answer(b"ok", "text/plain")

            do_PUT = do_POST  # noqa: N815

            def _answer(self, body: bytes, kind: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def of(self, path: str, alertname: str) -> list[Heard]:
        """What came to a path about an alert."""
        return [
            one
            for one in list(self.heard)
            if one.path == path and one.body.get("groupLabels", {}).get("alertname") == alertname
        ]
