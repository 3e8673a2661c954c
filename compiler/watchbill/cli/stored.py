"""What the verbs that use the executor's store share: its options, opening it, and how trouble with it is told."""

import contextlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Iterator
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


def text_of(document: Any) -> str:
    """JSON for whoever reads it, on a terminal too: what came from outside cannot move its cursor or turn its lines."""
    from watchbill.executor.logs import seen  # noqa: PLC0415

    return "\n".join(map(seen, json.dumps(document, ensure_ascii=False, indent=2).split("\n")))


def private(path: Path) -> int:
    """A new file for its owner alone, open for writing. Raises OSError."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def fail(code: Code, message: str, help_: str = "", form: str = "text") -> NoReturn:
    """One finding, and exit 1."""
    show(form, [Diagnostic(code, message, help=help_)], Sources(Path()))
    sys.exit(1)


def need_executor(form: str = "text") -> None:
    """A plain install lacks what these verbs need."""
    for module in ("sqlalchemy", "alembic", "starlette", "uvicorn", "httpx", "prometheus_client"):
        if importlib.util.find_spec(module) is None:
            said = f"this verb needs the package {module}, which a plain install leaves out"
            fail(executor.NOT_INSTALLED, said, "pip install 'watchbill[executor]'", form)


@contextlib.contextmanager
def opened(url: str, form: str = "text", *, create: bool = False) -> Iterator["Store"]:
    """The store, closed at the end. Trouble with the database, at any time, is a finding."""
    need_executor(form)
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from watchbill.executor.store.connect import NoStore, first_line, open_store  # noqa: PLC0415

    try:
        store = open_store(url, create=create)
        try:
            yield store
        finally:
            store.close()
    except NoStore as error:
        fail(executor.BAD_STORE, str(error), form=form)
    except SQLAlchemyError as error:
        fail(executor.BAD_STORE, f"the database failed: {first_line(error)}", form=form)


@contextlib.contextmanager
def recovered(url: str, form: str = "text") -> Iterator["Engine"]:
    """The engine with the state as the log has it now."""
    with opened(url, form) as store:
        from watchbill.executor.engine import Engine  # noqa: PLC0415

        engine = Engine(store)
        engine.recover()
        yield engine
