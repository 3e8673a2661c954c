"""The policy files of a workspace: found in one order on every machine, read with a bound, each failure a finding."""

import os
from pathlib import Path

import msgspec

from watchbill.source.codes import yaml as codes
from watchbill.source.diagnostic import Diagnostic, Span
from watchbill.source.yaml import MAX_BYTES, too_large

POLICIES = "policies"
WORKSPACE_FILE = "policies/watchbill.yaml"


class PolicyFile(msgspec.Struct, frozen=True):
    """`name` is what findings show: relative to the workspace, `/` between folders, always printable."""

    name: str
    path: Path


def find_workspace(start: Path) -> Path | None:
    """The folder at or above `start` that holds `policies/watchbill.yaml`."""
    start = start.absolute()
    return next((folder for folder in (start, *start.parents) if (folder / WORKSPACE_FILE).is_file()), None)


def policy_files(root: Path) -> list[PolicyFile]:
    """Every `*.yaml` and `*.yml` below `policies/`, sorted by name; hidden files and folders are left out."""
    found = []
    for folder, folders, names in os.walk(root / POLICIES):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.endswith((".yaml", ".yml")) and not name.startswith("."):
                path = Path(folder, name)
                found.append(PolicyFile(shown(path.relative_to(root)), path))
    return sorted(found, key=lambda file: file.name)


def shown(path: Path) -> str:
    """A path as text that any terminal and any JSON can carry, whatever bytes the name has."""
    text = path.as_posix().encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in text)


def read(file: PolicyFile) -> tuple[bytes | None, Diagnostic | None]:
    """The bytes of a file of at most `MAX_BYTES`; a larger one is never read whole."""
    try:
        with file.path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
            if len(data) > MAX_BYTES:
                return None, too_large(file.name, os.fstat(stream.fileno()).st_size / (1024 * 1024))
            return data, None
    except OSError as error:
        message = f"cannot read this file: {(error.strerror or str(error)).lower()}"
        return None, Diagnostic(
            codes.UNREADABLE, message, Span(file.name), help="every file below policies/ must be readable"
        )
