"""The policy files of a workspace: found in one order on every machine, read with a bound, each failure a finding."""

import os
import stat
from pathlib import Path

import msgspec

from watchbill.source.codes import yaml as codes
from watchbill.source.diagnostic import Diagnostic, Span
from watchbill.source.yaml import MAX_BYTES, too_large

POLICIES = "policies"
WORKSPACE_FILE = "policies/watchbill.yaml"
_ENDINGS = (".yaml", ".yml")


class PolicyFile(msgspec.Struct, frozen=True):
    """`name` is what findings show: relative to the workspace, `/` between folders, always printable."""

    name: str
    path: Path


def find_workspace(start: Path) -> Path | None:
    """The folder at or above `start` that holds `policies/watchbill.yaml`."""
    start = start.absolute()
    return next((folder for folder in (start, *start.parents) if (folder / WORKSPACE_FILE).is_file()), None)


def policy_files(root: Path) -> list[PolicyFile]:
    """Every `*.yaml` and `*.yml` below `policies/`, sorted by name; hidden files and folders are left out.

    What looks like one of them and cannot be read as a file (a folder named so, a link to a folder, a folder that
    cannot be listed) is among them: `read` says what is wrong with it, so nothing is left out in silence.
    """
    found: list[PolicyFile] = []

    def add(path: Path) -> None:
        found.append(PolicyFile(shown(path.relative_to(root)), path))

    for folder, folders, names in os.walk(root / POLICIES, onerror=lambda error: add(Path(error.filename))):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.endswith(_ENDINGS) and not name.startswith("."):
                add(Path(folder, name))
        for name in folders:
            path = Path(folder, name)
            if name.endswith(_ENDINGS) or path.is_symlink():
                add(path)
    return sorted(found, key=lambda file: file.name)


def shown(path: Path) -> str:
    """A path as text that any terminal and any JSON can carry, whatever bytes the name has."""
    text = path.as_posix().encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in text)


def read(file: PolicyFile) -> tuple[bytes | None, Diagnostic | None]:
    """The bytes of a file of at most `MAX_BYTES`; a larger one is never read whole, and a pipe is never waited for."""
    try:
        if odd := _not_a_file(file.path):
            return None, _unreadable(file, odd)
        with open(os.open(file.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:  # noqa: PTH123
            data = stream.read(MAX_BYTES + 1)
            if len(data) > MAX_BYTES:
                return None, too_large(file.name, os.fstat(stream.fileno()).st_size / (1024 * 1024))
            return data, None
    except OSError as error:
        return None, _unreadable(file, (error.strerror or str(error)).lower())


def _not_a_file(path: Path) -> str | None:
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        with os.scandir(path):  # says why, where a folder cannot be listed
            return "it is a link to a folder, and those are not followed" if path.is_symlink() else "it is a folder"
    return None if stat.S_ISREG(mode) else "it is a pipe, a socket or a device"


def _unreadable(file: PolicyFile, why: str) -> Diagnostic:
    message = f"cannot read this file: {why}"
    return Diagnostic(codes.UNREADABLE, message, Span(file.name), help="every file below policies/ must be readable")
