"""What earlier runs worked out, kept outside the tree: only ever faster, never different.

Whatever is remembered is the answer of one *part* of the compiler about one *subject*: the documents of a file, the
resolved rules of a service, the findings of a check about it. With each answer stands a *seal*, the digest of everything
that the answer follows from (`spec/sight.py` makes them). Under the same seal the answer is taken from here; under
another it is worked out again. A subject that is not asked about is forgotten.

So a part that is remembered must be a function of what its seal covers, and of the compiler itself: no clock, no look at
another document. Parts that could look further are shown a workspace in which there is nothing else (`sight`).

On the disk it is one file for each part, named by the compiler, in a folder for each workspace. It is msgpack,
decoded by type: a file that somebody else wrote there can at worst be ignored.
"""

import hashlib
import os
import sys
import zlib
import zoneinfo
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec

import watchbill
from watchbill.source.codes.catalogue import codes
from watchbill.source.diagnostic import Diagnostic, Related, Severity, Where

T = TypeVar("T")


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    seal: bytes
    value: bytes


class _Part(msgspec.Struct):
    """The answers of one part: those of earlier runs, and those that this run has asked for."""

    known: dict[str, _Answer]
    asked: dict[str, _Answer]


class Memory:
    """The memory of one workspace; without a folder it remembers nothing."""

    def __init__(self, root: Path | None = None) -> None:
        self._folder = _folder(root) if root is not None else None
        self._parts: dict[str, _Part] = {}

    def recall(self, part: str, subject: str, seal: bytes, type_: type[T], make: Callable[[], T]) -> T:
        """The answer under this seal: remembered, or made now. `type_` is what msgspec can encode and decode again."""
        value = self.find(part, subject, seal, type_)
        if value is None:
            value = make()
            self.keep(part, subject, seal, value)
        return value

    def find(self, part: str, subject: str, seal: bytes, type_: type[T]) -> T | None:
        """The answer that is remembered under this seal."""
        if self._folder is None:
            return None
        answers = self._part(part)
        answer = answers.asked.get(subject) or answers.known.get(subject)
        if answer is None or answer.seal != seal:
            return None
        value = _decoded(answer, type_)
        if value is not None:
            answers.asked[subject] = answer
        return value

    def lacking(self, part: str, seals: Mapping[str, bytes]) -> int:
        """For how many subjects there is no answer under their seal."""
        known = self._part(part).known if self._folder is not None else {}
        return sum(1 for subject, seal in seals.items() if subject not in known or known[subject].seal != seal)

    def last(self, part: str, subject: str, type_: type[T]) -> T | None:
        """The last answer, whatever its seal: for what in it follows from less."""
        answer = self._part(part).known.get(subject) if self._folder is not None else None
        return _decoded(answer, type_) if answer is not None else None

    def keep(self, part: str, subject: str, seal: bytes, value: Any) -> None:
        """Remember the answer under this seal."""
        if self._folder is not None:
            self._part(part).asked[subject] = _Answer(seal, msgspec.msgpack.encode(value))

    # What a child has been asked, for its parent

    @property
    def remembers(self) -> bool:
        return self._folder is not None

    def forget_asked(self) -> None:
        """Begin anew with what is asked for."""
        for part in self._parts.values():
            part.asked = {}

    def asked(self) -> bytes:
        """All that was asked for, as `adopt` takes it."""
        return msgspec.msgpack.encode({name: part.asked for name, part in self._parts.items() if part.asked})

    def adopt(self, asked: bytes) -> None:
        """Count as asked what another process was asked; nothing, when it could not say."""
        for name, answers in (_decoder(dict[str, dict[str, _Answer]]).decode(asked) if asked else {}).items():
            self._part(name).asked.update(answers)

    def _part(self, name: str) -> _Part:
        if name not in self._parts:
            self._parts[name] = _Part(_read(self._path(name)), {})
        return self._parts[name]

    def _path(self, part: str) -> Path:
        assert self._folder is not None  # noqa: S101
        return self._folder / f"{_compiler()} {part}.msgpack"

    def write(self) -> None:
        """Keep for the next run what this one has asked for."""
        for name, part in self._parts.items():
            if part.asked != part.known:
                _write(self._path(name), part.asked)
                part.known = dict(part.asked)


NOTHING = Memory()  # remembers nothing


class Finding(msgspec.Struct, frozen=True, array_like=True):
    """A diagnostic as it is remembered: its code by the id."""

    code: str
    message: str
    where: Where | None
    label: str
    help: str
    notes: tuple[str, ...]
    related: tuple[Related, ...]
    severity: Severity | None


def noted(found: list[Diagnostic]) -> list[Finding]:
    """Diagnostics as they are remembered."""
    return [
        Finding(one.code.id, one.message, one.where, one.label, one.help, one.notes, one.related, one.severity)
        for one in found
    ]


def told(findings: list[Finding]) -> list[Diagnostic]:
    """Remembered diagnostics, as they were told."""
    return [
        Diagnostic(codes()[one.code], one.message, one.where, one.label, one.help, one.notes, one.related, one.severity)
        for one in findings
    ]


def _folder(root: Path) -> Path | None:
    """Where a workspace's memory lies, below the user's cache folder; None where there is no such folder."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    if not os.path.isabs(base):  # noqa: PTH117
        return None
    key = hashlib.sha256(os.fsencode(root.absolute())).hexdigest()[:16]
    return Path(base, "watchbill", key)


@lru_cache(maxsize=1)
def _compiler() -> str:
    """The version, and a digest of what answers depend on beside policies: the compiler's own files (a developer's edit
    must not meet an old answer), the packages beside it, Python, and the table of time zones.
    """
    told = hashlib.sha256(sys.version.encode())
    here = os.path.dirname(watchbill.__file__)  # noqa: PTH120
    for folder, folders, names in os.walk(here):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            file = os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118
            told.update(f"{folder}/{name} {file.st_mtime_ns} {file.st_size}\n".encode())
    installed = os.path.dirname(os.path.dirname(msgspec.__file__))  # noqa: PTH120
    for folder in (installed, *zoneinfo.TZPATH):
        if os.path.isdir(folder):  # noqa: PTH112
            told.update(f"{folder} {os.stat(folder).st_mtime_ns}\n".encode())  # noqa: PTH116
    return f"{watchbill.__version__}-{told.hexdigest()[:16]}"


def _decoded(answer: _Answer, type_: type[T]) -> T | None:
    try:
        value: T = _decoder(type_).decode(answer.value)  # type: ignore[arg-type]
    except msgspec.MsgspecError:
        return None
    return value


@lru_cache(maxsize=64)
def _decoder(type_: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(type_)


def _read(file: Path) -> dict[str, _Answer]:
    """The answers, or none when the file is missing, damaged or of another form."""
    try:
        data = memoryview(file.read_bytes())
        if zlib.crc32(data[4:]).to_bytes(4, "big") != data[:4]:
            return {}
        answers: dict[str, _Answer] = _decoder(dict[str, _Answer]).decode(data[4:])
    except (OSError, msgspec.MsgspecError):
        return {}
    return answers


def _write(file: Path, answers: dict[str, _Answer]) -> None:
    """Replace the file, and drop those that other compilers left beside it."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        staged = file.with_suffix(f".{os.getpid()}")
        data = msgspec.msgpack.encode(answers)
        staged.write_bytes(zlib.crc32(data).to_bytes(4, "big") + data)
        staged.replace(file)
        for other in file.parent.iterdir():
            if not other.name.startswith(f"{_compiler()} "):
                other.unlink(missing_ok=True)
    except OSError:
        return  # a memory that cannot be written is only slower
