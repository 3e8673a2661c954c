"""What an earlier run worked out, kept outside the tree: only ever faster, never different.

A cache is msgpack, decoded by type: a file that somebody else wrote there can at worst be ignored.
"""

import hashlib
import os
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec

import watchbill

T = TypeVar("T")


def path(root: Path, name: str) -> Path | None:
    """The cache of one workspace and this compiler, in the user's cache folder; None where there is no such folder."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    if not os.path.isabs(base):  # noqa: PTH117
        return None
    key = hashlib.sha256(os.fsencode(root.absolute())).hexdigest()[:16]
    return Path(base, "watchbill", f"{_compiler()}-{key}-{name}.msgpack")


@lru_cache(maxsize=1)
def _compiler() -> str:
    """The version, and when the newest file of the compiler changed: a developer's edit must not meet an old cache."""
    folder = os.path.dirname(watchbill.__file__)  # noqa: PTH120
    rooms = ("source", "promql", "spec", "spec/kinds")
    newest = max(entry.stat().st_mtime_ns for room in rooms for entry in os.scandir(os.path.join(folder, room)))  # noqa: PTH118
    return f"{watchbill.__version__}-{newest:x}"


def read(file: Path | None, type_: type[dict[str, T]]) -> dict[str, T]:
    """The entries, or none when the file is missing, damaged or of another form."""
    if file is None:
        return {}
    try:
        data = file.read_bytes()
        if zlib.crc32(data[4:]).to_bytes(4, "big") != data[:4]:
            return {}
        return msgspec.msgpack.decode(data[4:], type=type_)
    except (OSError, msgspec.MsgspecError):
        return {}


def write(file: Path, entries: dict[str, Any]) -> None:
    """Replace the cache, and drop those that other versions of the compiler left for this workspace."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        staged = file.with_suffix(f".{os.getpid()}")
        data = msgspec.msgpack.encode(entries)
        staged.write_bytes(zlib.crc32(data).to_bytes(4, "big") + data)
        staged.replace(file)
        for stale in file.parent.glob("*-" + "-".join(file.name.rsplit("-", 2)[1:])):
            if stale != file:
                stale.unlink(missing_ok=True)
    except OSError:
        return  # a cache that cannot be written is only slower
