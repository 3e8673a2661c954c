"""An HTTP server that fails in every way a server can, on a real socket. The path says how.

`/fine` answers; a mode is said by the first segment, and what follows is what the test likes.
"""

import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class BadServer:
    """`asked` are the requests that came whole: first line, headers by lower-case name, body."""

    def __init__(self, tls: Path | None = None) -> None:
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.said = b""
        self.context = None
        if tls is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(tls / "cert.pem", tls / "key.pem")
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"
        self.closed = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.closed.set()
        self.listening.close()

    def _accept(self) -> None:
        while not self.closed.is_set():
            try:
                peer, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        try:
            if self.context is not None:
                peer = self.context.wrap_socket(peer, server_side=True)
            with peer:
                line, headers, body = _request(peer)
                self.asked.append((line, headers, body))
                getattr(self, f"_{line.split()[1].split('/')[1]}")(peer, line)
        except (OSError, ValueError):
            pass

    def times(self, path: str) -> int:
        return sum(line.split()[1] == path for line, _, _ in self.asked)

    # Ways to fail

    def _fine(self, peer: socket.socket, _: str) -> None:
        peer.sendall(OK)

    def _said(self, peer: socket.socket, _: str) -> None:
        """What the test wants to be said."""
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(self.said), self.said))

    def _status(self, peer: socket.socket, line: str) -> None:
        code = line.split()[1].split("/")[2]
        peer.sendall(f"HTTP/1.1 {code} Whatever\r\nContent-Length: 4\r\n\r\nwhat".encode())

    def _once(self, peer: socket.socket, line: str) -> None:
        """Busy the first time, fine afterwards."""
        busy = self.times(line.split()[1]) == 1
        peer.sendall(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n" if busy else OK)

    def _hang(self, peer: socket.socket, _: str) -> None:
        self.closed.wait(30)

    def _drip(self, peer: socket.socket, _: str) -> None:
        """A byte now and then, so that no read ever times out."""
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not self.closed.wait(0.05):
            peer.sendall(b"x")

    def _dripheaders(self, peer: socket.socket, _: str) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\n")
        while not self.closed.wait(0.05):
            peer.sendall(b"X-More: x\r\n")

    def _reset(self, peer: socket.socket, _: str) -> None:
        """Half of a body, then RST."""
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        time.sleep(0.02)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        peer.close()

    def _cut(self, peer: socket.socket, _: str) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    def _silent(self, peer: socket.socket, _: str) -> None:
        """It takes the request and closes."""

    def _continues(self, peer: socket.socket, _: str) -> None:
        """It will answer, it says, and says so again."""
        while not self.closed.wait(0.001):
            peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _bighead(self, peer: socket.socket, _: str) -> None:
        """A header without end, as fast as it is read."""
        peer.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not self.closed.is_set():
            peer.sendall(b"x" * 65536)

    def _badchunk(self, peer: socket.socket, _: str) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n")

    def _lies(self, peer: socket.socket, _: str) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}")

    def _two(self, peer: socket.socket, _: str) -> None:
        """Two lengths, of which one would be cut and one go on."""
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\n{}")

    def _switch(self, peer: socket.socket, _: str) -> None:
        """Another protocol from now on, which nobody asked for."""
        peer.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")
        self.closed.wait(30)

    def _nobody(self, peer: socket.socket, _: str) -> None:
        """No content, and then some."""
        peer.sendall(b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello")

    def _later(self, peer: socket.socket, _: str) -> None:
        """Busy for a year, it says."""
        peer.sendall(b"HTTP/1.1 503 Busy\r\nRetry-After: 31536000\r\nContent-Length: 0\r\n\r\n")

    def _cookies(self, peer: socket.socket, _: str) -> None:
        """It would like to be remembered, and to set what is sent next time."""
        peer.sendall(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\n{}")

    def _nonsense(self, peer: socket.socket, _: str) -> None:
        peer.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")

    def _redirect(self, peer: socket.socket, line: str) -> None:
        """To itself, for ever, or to where the path says."""
        rest = line.split()[1].removeprefix("/redirect")
        to = f"http:/{rest}" if rest else "/redirect"
        peer.sendall(f"HTTP/1.1 307 There\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode())

    def _huge(self, peer: socket.socket, _: str) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not self.closed.is_set():
            peer.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    def _bomb(self, peer: socket.socket, _: str) -> None:
        """Says that it is compressed, and would be endless."""
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope")


def _request(peer: socket.socket) -> tuple[str, dict[str, str], bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        part = peer.recv(65536)
        if not part:
            raise ValueError
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += peer.recv(65536)
    return line, headers, body


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody but itself vouches for."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", folder / "key.pem", "-out", folder / "cert.pem"),
        ],
        check=True,
        capture_output=True,
    )
    return folder
