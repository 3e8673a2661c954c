"""`generated/`: compared, written and remembered, so that an interrupted write is completed by the next one.

The order of a write: the new manifest as `manifest.json.pending`; each changed file staged and renamed; files that the
old manifest lists and the new one does not, deleted; the pending manifest renamed. Whatever a dead compile left behind
is listed in one of the two manifests, so the next one knows it for its own.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

import msgspec

from watchbill.source.codes import tools as codes
from watchbill.source.diagnostic import Diagnostic, Span
from watchbill.spec.beside import beside, two_cores
from watchbill.targets.artifact import Artifact

MANIFEST = "manifest.json"
PENDING = "manifest.json.pending"
STAGED = ".watchbill-staged"
MANY = 1_000  # files; below it a child costs more than it saves
SIZE = hashlib.sha256().digest_size
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class _File(msgspec.Struct):
    path: str


class _Manifest(msgspec.Struct):
    """As much of a manifest as says which files are ours."""

    files: list[_File]


class Comparison(msgspec.Struct, frozen=True):
    """How the folder differs from what the policies mean; paths relative to it."""

    changed: tuple[str, ...]
    missing: tuple[str, ...]
    left_over: tuple[str, ...]
    strays: tuple[str, ...]
    unchanged: int

    @property
    def current(self) -> bool:
        return not (self.changed or self.missing or self.left_over)


def manifest(artifacts: Sequence[Artifact]) -> Artifact:
    """The list of everything that is generated: path, sha256 of the content, kinds and names it came from."""
    files = [
        {
            "path": artifact.path,
            "sha256": artifact.mark.digest.hex(),
            "from": list(artifact.sources),
        }
        for artifact in artifacts
    ]
    encoded = json.JSONEncoder(ensure_ascii=False).encode
    lines = ",\n".join(f"    {encoded(file)}" for file in files)
    return Artifact(MANIFEST, f'{{\n  "version": 1,\n  "files": [\n{lines}\n  ]\n}}\n')


def compare(folder: Path, artifacts: Sequence[Artifact]) -> Comparison:
    """Artifacts (with the manifest among them) against what lies in the folder."""
    wanted = {artifact.path: artifact.mark.digest for artifact in artifacts}
    present = set(_files(folder))
    ours = _listed(folder)
    missing = [path for path in wanted if path not in present]
    there = [path for path in wanted if path in present]
    found = _digests([os.path.join(folder, path) for path in there])  # noqa: PTH118
    changed = [path for path, digest in zip(there, found, strict=True) if digest != wanted[path]]
    left_over = sorted(path for path in ours & present if path not in wanted)
    strays = sorted(path for path in present - ours - wanted.keys() if path != MANIFEST)
    return Comparison(
        tuple(changed), tuple(missing), tuple(left_over), tuple(strays), len(wanted) - len(changed) - len(missing)
    )


def write(folder: Path, artifacts: Sequence[Artifact]) -> tuple[Comparison, Diagnostic | None]:
    """Bring the folder to what the artifacts say, and tell how it differed before.

    A finding instead of an exception where the disk will not have it. Of two compiles at once the second waits, and
    compares with what the first has written.
    """
    before = _last_write(folder)
    comparison = compare(folder, artifacts)
    if comparison.current and not (folder / PENDING).exists():
        return comparison, None
    by_path = {artifact.path: artifact for artifact in artifacts}
    path = "."
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _make_folder(folder)
        with _locked(folder):
            if _last_write(folder) != before:
                comparison = compare(folder, artifacts)
            put = _Folders(folder).put
            path = PENDING
            put(PENDING, _pending(folder, by_path[MANIFEST].text))
            for path in (*comparison.missing, *comparison.changed):
                if path != MANIFEST:
                    put(path, by_path[path].text)
            for path in comparison.left_over:
                if path != PENDING:
                    (folder / path).unlink(missing_ok=True)
                    _remove_empty(folder, (folder / path).parent)
            path = MANIFEST
            put(MANIFEST, by_path[MANIFEST].text)
            (folder / PENDING).unlink()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"cannot write this file: {reason}"
        advice = "mend that, then run `watchbill compile` again: it completes what is missing"
        return comparison, Diagnostic(codes.CANNOT_WRITE, message, Span(f"{folder.name}/{path}"), help=advice)
    return comparison, None


def _last_write(folder: Path) -> tuple[tuple[int, int] | None, ...]:
    """What every write changes, whether it came to its end or not: which files the manifests are, and since when."""
    return tuple(_since(folder / name) for name in (MANIFEST, PENDING))


def _since(path: Path) -> tuple[int, int] | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_ino, status.st_ctime_ns


def strays_found(folder_name: str, comparison: Comparison) -> list[Diagnostic]:
    return [
        Diagnostic(
            codes.STRAY,
            "this file was not written by the compiler",
            Span(f"{folder_name}/{path}"),
            help="move it elsewhere; only the compiler writes here",
        )
        for path in comparison.strays
    ]


def stale_found(folder_name: str, comparison: Comparison) -> list[Diagnostic]:
    """One finding per file that is not what the policies mean."""
    found = []
    for what, paths in (
        ("is not what the policies mean", comparison.changed),
        ("is missing", comparison.missing),
        ("is left over from an older compile", comparison.left_over),
    ):
        found += [
            Diagnostic(
                codes.STALE,
                f"this file {what}",
                Span(f"{folder_name}/{path}"),
                help="run `watchbill compile` and commit the result",
            )
            for path in paths
        ]
    return found


def _pending(folder: Path, text: str) -> str:
    """The new manifest, plus what an unfinished write before this one had listed."""
    before = _read_manifest(folder / PENDING)
    before = before and before - _paths(text)
    if not before:
        return text
    document = json.loads(text)
    document["files"] += [{"path": path} for path in sorted(before)]
    return json.dumps(document)


def _listed(folder: Path) -> set[str]:
    """Every path that a manifest of ours names, with its staged form."""
    known = _read_manifest(folder / MANIFEST) | _read_manifest(folder / PENDING)
    known |= {MANIFEST, PENDING}
    known |= {path + STAGED for path in known}
    known.discard(MANIFEST)
    return known


def _read_manifest(path: Path) -> set[str]:
    try:
        return _paths(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return set()


def _paths(text: str) -> set[str]:
    try:
        files = msgspec.json.decode(text, type=_Manifest).files
    except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError):
        return set()
    return {file.path for file in files if _inside(file.path)}


def _inside(path: str) -> bool:
    return not path.startswith("/") and ".." not in path.split("/")


def _files(folder: Path) -> Iterator[str]:
    """Every file below the folder, links among them, relative and with `/`."""
    root = os.fspath(folder)
    for base, folders, names in os.walk(root):
        prefix = os.path.relpath(base, root).replace(os.sep, "/")
        prefix = "" if prefix == "." else prefix + "/"
        for name in names:
            yield prefix + name
        for name in list(folders):
            if os.path.islink(os.path.join(base, name)):  # noqa: PTH114, PTH118  (one call for each of thousands of files)
                yield prefix + name
                folders.remove(name)


def _digests(paths: Sequence[str]) -> list[bytes]:
    """Those of files as they are now, whatever their times and sizes. Of thousands a child reads every second one."""
    if len(paths) < MANY or not two_cores():
        return [_digest(path) for path in paths]
    other = beside(lambda: b"".join(map(_digest, paths[1::2])))
    own = [_digest(path) for path in paths[::2]]
    sent = other() or b"".join(map(_digest, paths[1::2]))
    rest = [sent[at : at + SIZE] for at in range(0, len(sent), SIZE)]
    return [one for pair in zip_longest(own, rest) for one in pair][: len(paths)]


def _digest(path: str) -> bytes:
    """That of a file's bytes; zeros when it cannot be read, or is a link."""
    try:
        with open(os.open(path, _READ), "rb", buffering=0) as stream:  # noqa: PTH123
            return hashlib.sha256(stream.read() or b"").digest()
    except OSError:
        return bytes(SIZE)


class _Folders:
    """Puts files into the folder, and looks only once whether a folder that they stand in is one."""

    def __init__(self, folder: Path) -> None:
        self._folder = os.fspath(folder)
        self._there = {""}

    def put(self, path: str, text: str) -> None:
        """Stage beside the target and rename, so a reader sees the old file or the new one. No link is ever followed."""
        self._make(path.rpartition("/")[0])
        target = f"{self._folder}/{path}"
        staged = target + STAGED
        try:
            descriptor = os.open(staged, _NEW, 0o666)
        except FileExistsError:  # left by a compile that died
            os.unlink(staged)  # noqa: PTH108
            descriptor = os.open(staged, _NEW, 0o666)
        with open(descriptor, "wb") as stream:  # noqa: PTH123
            stream.write(text.encode())
        os.replace(staged, target)  # noqa: PTH105

    def _make(self, inner: str) -> None:
        if inner not in self._there:
            self._make(inner.rpartition("/")[0])
            _make_folder(Path(self._folder, inner))
            self._there.add(inner)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir()
    except FileExistsError as error:
        if folder.is_symlink():
            raise OSError(errno.ELOOP, "a link stands where a folder is needed, and links are not followed") from error
        if not folder.is_dir():
            raise OSError(errno.ENOTDIR, "a file stands where a folder is needed") from error


def _remove_empty(folder: Path, inner: Path) -> None:
    while inner != folder and not any(inner.iterdir()):
        inner.rmdir()
        inner = inner.parent


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Two compiles at once take turns."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
