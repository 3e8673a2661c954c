"""What the verbs that use the executor's store share: its options, opening it, and how trouble with it is told."""

import contextlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from watchbill.cli.shared import show
from watchbill.source.codes import Code, executor
from watchbill.source.diagnostic import Diagnostic
from watchbill.source.locate import Sources

if TYPE_CHECKING:
    from watchbill.executor.engine import Engine
    from watchbill.executor.store.connect import Store

F = TypeVar("F", bound=Callable[..., Any])

_FORM = "watchbill.form"


def database_option(function: F) -> F:
    return click.option(
        "--database",
        required=True,
        envvar="WATCHBILL_DATABASE",
        metavar="URL",
        help="postgresql://USER@HOST/NAME, sqlite:///FILE, or a file's path; or WATCHBILL_DATABASE.",
    )(function)


def person_option(function: F) -> F:
    return click.option("--as", "person", required=True, metavar="PERSON", help="Who you are, as the policies say.")(
        function
    )


def _remember(ctx: click.Context, _: click.Parameter, form: str) -> None:
    ctx.meta[_FORM] = form


def form_option(function: F) -> F:
    """The form is known to `as_json`, `say` and `fail`; no verb hands it on."""
    return click.option(
        "--format",
        default="text",
        type=click.Choice(["text", "json"]),
        help="How it is shown.",
        callback=_remember,
        expose_value=False,
    )(function)


def _form() -> str:
    return str(click.get_current_context().meta.get(_FORM, "text"))


def as_json() -> bool:
    return _form() == "json"


def say(text: str, decided: str, /, *, incident: str | None = None, person: str | None = None, **more: Any) -> None:
    """What a verb that writes has done: a sentence, or version 1 of the same facts. `decided` is the log's word for it."""
    document = {"version": 1, "decided": decided, "incident": incident, "person": person, **more}
    click.echo(text_of(document) if as_json() else text)


def text_of(document: Any) -> str:
    """JSON for whoever reads it, on a terminal too: what came from outside cannot move its cursor or turn its lines."""
    from watchbill.executor.logs import seen  # noqa: PLC0415

    return "\n".join(map(seen, json.dumps(document, ensure_ascii=False, indent=2).split("\n")))


def private(path: Path) -> int:
    """A new file for its owner alone, open for writing. Raises OSError."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def fail(code: Code, message: str, help_: str = "", notes: Sequence[str] = ()) -> NoReturn:
    """One finding, and exit 1."""
    show(_form(), [Diagnostic(code, message, help=help_, notes=tuple(notes))], Sources(Path()))
    sys.exit(1)


def need_executor() -> None:
    """A plain install lacks what these verbs need."""
    for module in ("sqlalchemy", "alembic", "starlette", "uvicorn", "httpx", "prometheus_client"):
        if importlib.util.find_spec(module) is None:
            said = f"this verb needs the package {module}, which a plain install leaves out"
            fail(executor.NOT_INSTALLED, said, "pip install 'watchbill[executor]'")


@contextlib.contextmanager
def opened(url: str, *, create: bool = False) -> Iterator["Store"]:
    """The store, closed at the end. Trouble with the database, at any time, is a finding."""
    need_executor()
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from watchbill.executor.store.connect import NoStore, first_line, open_store  # noqa: PLC0415

    try:
        store = open_store(url, create=create)
        try:
            yield store
        finally:
            store.close()
    except NoStore as error:
        fail(executor.BAD_STORE, str(error))
    except SQLAlchemyError as error:
        fail(executor.BAD_STORE, f"the database failed: {first_line(error)}")


@contextlib.contextmanager
def recovered(url: str) -> Iterator["Engine"]:
    """The engine with the state as the log has it now."""
    with opened(url) as store:
        from watchbill.executor.engine import Engine  # noqa: PLC0415

        engine = Engine(store)
        engine.recover()
        yield engine
