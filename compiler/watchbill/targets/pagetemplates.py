"""The Jinja templates of pages: sandboxed, strict, and escaping every value that is not Markdown already."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from traceback import walk_tb
from typing import Any

import jinja2
import msgspec
from jinja2.sandbox import ImmutableSandboxedEnvironment

from watchbill.source.codes import runbooks as codes
from watchbill.source.diagnostic import Diagnostic, Span
from watchbill.targets import wording
from watchbill.targets.artifact import HEADER
from watchbill.targets.markdown import EMPTY, Markdown, block, code, inline, link, listed

Folders = tuple[Path, ...]
HERE = Path(__file__).parents[1]
PACKAGED = next(
    (path for path in (HERE / "templates", HERE.parents[1] / "templates") if path.is_dir()), HERE / "templates"
)


class BadTemplate(Exception):  # noqa: N818  (a mistake of a workspace's, told as the finding it carries)
    """A workspace's own template cannot be used: `diagnostic` says why, and on which line."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class Environment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, which asks nine questions about every attribute: of our own frozen records one is enough."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, msgspec.Struct) and attribute[0] != "_":
            try:
                return getattr(obj, attribute)
            except AttributeError:
                return self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


class Templates:
    """`folders` are searched in order, then the packaged one."""

    def __init__(self, folders: Folders) -> None:
        self.own = tuple(folder for folder in folders if folder.is_dir() and folder.resolve() != PACKAGED.resolve())
        # Markdown is not HTML: Jinja's own escaping would let `[x](…)` through. `finalize` escapes every value instead.
        self.environment = Environment(
            loader=jinja2.FileSystemLoader([*self.own, PACKAGED]), undefined=jinja2.StrictUndefined, autoescape=False,
            finalize=inline, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, auto_reload=False,
        )  # fmt: skip
        self.environment.filters.update(
            block=block, code=code, codes=_codes, either=wording.either, jump=_jump, link=link, markdown=Markdown,
            strong=_strong, times=wording.times,
        )  # fmt: skip
        self.environment.globals["header"] = Markdown(f"<!-- {HEADER[2:-1]} -->")

    @cached_property
    def digest(self) -> bytes:
        """That of everything a page may be made with."""
        whole = hashlib.sha256()
        for folder in (*self.own, PACKAGED):
            for file in sorted(folder.rglob("*")):
                if file.is_file():
                    whole.update(msgspec.msgpack.encode((file.relative_to(folder).as_posix(), file.read_bytes())))
        return whole.digest()

    def render(self, name: str, **values: Any) -> Markdown:
        """The template `runbooks/<name>.md.j2` with these values."""
        try:
            return Markdown(self.environment.get_template(f"runbooks/{name}.md.j2").render(values))
        except Exception as error:
            span = self._own_line(error) or (
                self._own_file(name) if isinstance(error, OSError | UnicodeError) else None
            )
            if span is None:
                raise
            message = f"this template cannot be used: {str(error).partition(chr(10))[0][:300]}"
            raise BadTemplate(
                Diagnostic(codes.BAD_TEMPLATE, message, span, "here", "mend it, or delete it for the packaged one")
            ) from error

    def _own_line(self, error: Exception) -> Span | None:
        """Where in a workspace's own template an error arose; None when it arose elsewhere."""
        places = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
        if isinstance(error, jinja2.TemplateSyntaxError) and error.filename:
            places.append((error.filename, error.lineno))
        for file, line in reversed(places):
            for folder in self.own:
                if Path(file).is_relative_to(folder):
                    return Span(_shown(folder, Path(file)), line, 1, line, 1)
        return None

    def _own_file(self, name: str) -> Span | None:
        files = [(folder, folder / "runbooks" / f"{name}.md.j2") for folder in self.own]
        return next((Span(_shown(folder, file)) for folder, file in files if file.exists()), None)

    def unused(self) -> list[Diagnostic]:
        """Own templates that nothing has asked for, once everything is rendered: a name that slipped."""
        asked = {name for _, name in self.environment.cache} if self.environment.cache is not None else set()
        found = []
        for folder in self.own:
            for file in sorted(folder.glob("runbooks/*")):
                name = file.relative_to(folder).as_posix()
                if name not in asked and not (PACKAGED / name).exists():
                    shown = Span(_shown(folder, file))
                    known = ", ".join(sorted(path.name for path in PACKAGED.glob("runbooks/*")))
                    message = f"no page uses the template `{file.name}`"
                    found.append(Diagnostic(codes.UNUSED_TEMPLATE, message, shown, "unused", f"there are {known}"))
        return found


def _shown(folder: Path, file: Path) -> str:
    return f"{folder.name}/{file.relative_to(folder).as_posix()}"


def _codes(names: Sequence[str], between: str = "") -> Markdown:
    return listed([code(name) for name in names], f", {between} " if between else ", ")


def _jump(text: object, anchor: str) -> Markdown:
    """A link to an anchor of the same page."""
    return Markdown(f"[{inline(text)}](#{anchor})")


def _strong(text: object) -> Markdown:
    words = inline(text)
    return Markdown(f"**{words}**") if words else EMPTY
