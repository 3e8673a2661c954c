"""An editor, as far as a language server can tell: it opens a text and asks what may stand where."""

import json
import queue
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PATIENCE = 30  # seconds


class Editor:
    """yaml-language-server on the other end of a pipe. The schema is the one that a file's first line names, or `schemas`."""

    def __init__(self, node: Path, server: Path, root: Path, schemas: dict[str, str]) -> None:
        self._settings = {
            "yaml": {
                "schemas": schemas,
                "schemaStore": {"enable": False},
                "kubernetesCRDStore": {"enable": False},
                "validate": True,
                "completion": True,
                "hover": True,
            },
            "http": {},
            "editor": {"tabSize": 2},
            "[yaml]": {},
            "files": {},
        }
        self._process = subprocess.Popen(
            [node, server, "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=root,
        )
        self._answers: dict[int, queue.Queue[Any]] = {}
        self._told: dict[str, queue.Queue[Any]] = {}
        self._number = 0
        self._writing = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()
        capabilities = {
            "workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}},
            "textDocument": {
                "completion": {"completionItem": {"documentationFormat": ["markdown"], "snippetSupport": True}},
                "hover": {"contentFormat": ["markdown"]},
                "publishDiagnostics": {"relatedInformation": True},
            },
        }
        self.ask(
            "initialize",
            {
                "processId": None,
                "rootUri": root.as_uri(),
                "capabilities": capabilities,
                "workspaceFolders": [{"uri": root.as_uri(), "name": "root"}],
            },
        )
        self._send({"method": "initialized", "params": {}})
        self._send({"method": "workspace/didChangeConfiguration", "params": {"settings": self._settings}})
        for number in range(50):  # it answers before it knows the schema
            if self.diagnostics(root / f"policies/warm-up-{number}.yaml", "kind: Nothing\n"):
                break

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def diagnostics(self, path: Path, text: str) -> list[str]:
        """What the editor underlines in a file with this text: `line:column message`, counted from 1."""
        return self.all_diagnostics({path: text})[path]

    def all_diagnostics(self, texts: Mapping[Path, str]) -> dict[Path, list[str]]:
        for path, text in texts.items():
            self._told[path.as_uri()] = queue.Queue()
            self.open(path, text)
        found = {path: self._told[path.as_uri()].get(timeout=PATIENCE) for path in texts}
        return {path: [_line(one) for one in told] for path, told in found.items()}

    def open(self, path: Path, text: str) -> None:
        self._number += 1  # the server remembers a text by its version
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": self._number, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})

    def completions(self, path: Path, text: str) -> dict[str, str]:
        """What is offered where `|` stands, with what is said of it."""
        at, whole = _cursor(text)
        self.open(path, whole)
        answer = self.ask("textDocument/completion", {"textDocument": {"uri": path.as_uri()}, "position": at})
        items = answer["items"] if isinstance(answer, dict) else answer or []
        return {item["label"]: _text(item.get("documentation")) for item in items}

    def hover(self, path: Path, text: str) -> str:
        """What is shown when the pointer rests where `|` stands."""
        at, whole = _cursor(text)
        self.open(path, whole)
        answer = self.ask("textDocument/hover", {"textDocument": {"uri": path.as_uri()}, "position": at})
        return _text(answer["contents"]) if answer else ""

    def ask(self, method: str, params: Any) -> Any:
        self._number += 1
        answers = self._answers[self._number] = queue.Queue()
        self._send({"id": self._number, "method": method, "params": params})
        answer = answers.get(timeout=PATIENCE)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["result"]

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        with self._writing:
            self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
            self._process.stdin.flush()

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while line := stream.readline():
            length = 0
            while line.strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                line = stream.readline()
            self._take(json.loads(stream.read(length)))

    def _take(self, message: dict[str, Any]) -> None:
        if "method" not in message:
            self._answers[message["id"]].put(message)
        elif message["method"] == "textDocument/publishDiagnostics":
            params = message["params"]
            self._told.setdefault(params["uri"], queue.Queue()).put(params["diagnostics"])
        elif message["method"] == "workspace/configuration":
            answer = [self._settings.get(item.get("section"), {}) for item in message["params"]["items"]]
            self._send({"id": message["id"], "result": answer})
        elif "id" in message:
            self._send({"id": message["id"], "result": None})


def _line(diagnostic: dict[str, Any]) -> str:
    start = diagnostic["range"]["start"]
    return f"{start['line'] + 1}:{start['character'] + 1} {diagnostic['message']}"


def _cursor(text: str) -> tuple[dict[str, int], str]:
    before, _, after = text.partition("‸")
    lines = before.split("\n")
    return {"line": len(lines) - 1, "character": len(lines[-1])}, before + after


def _text(value: Any) -> str:
    return value.get("value", "") if isinstance(value, dict) else value or ""
