"""A worker that can get stuck, and its supervisor, which starts it again whenever it ends: `supervised.py FOLDER NAME`.

The supervisor has the worker's socket, as systemd would, so that no address is lost with a process; it says its port, and
keeps the worker's process id in FOLDER/NAME.pid. The worker tells its metrics, and a POST makes it stuck until it ends.
"""

import socket
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


def supervise(folder: Path, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        number = listening.fileno()
        while True:
            worker = subprocess.Popen([sys.executable, "-I", __file__, name, str(number)], pass_fds=[number])
            new = folder / f"{name}.new"
            new.write_text(str(worker.pid))
            new.replace(folder / f"{name}.pid")
            worker.wait()


def work(name: str, number: int) -> None:
    stuck = 0

    class Worker(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(f'worker_stuck{{worker="{name}"}} {stuck}\n')

        def do_POST(self) -> None:
            nonlocal stuck
            stuck = int(self.path == "/stuck")
            self.answer("")

        def answer(self, text: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Worker, bind_and_activate=False)
    server.socket.close()
    server.socket = socket.socket(fileno=number)
    server.serve_forever()


if __name__ == "__main__":
    if sys.argv[2].isdigit():
        work(sys.argv[1], int(sys.argv[2]))
    else:
        supervise(Path(sys.argv[1]), sys.argv[2])
