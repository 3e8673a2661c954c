"""Delete the keys of one pattern, a few hundred at a time, so that the server goes on serving. Never a whole database."""

import time
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
import re2
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from watchbill.executor.action import Action, Done, Run, Unfit
from watchbill.executor.connections import NoSecret
from watchbill.executor.kubernetes import Connection
from watchbill.executor.outgoing import NoAnswer

MOST = 1_000_000  # keys
_SECONDS = 60.0
_AT_ONCE = 500
_TIMEOUT = 10.0
_WILD = re2.compile(r"\[[^\]]*\]?|[*?\\]")


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    server: Connection
    pattern: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]

    def __post_init__(self) -> None:
        try:
            literal = _WILD.sub("", self.pattern)
        except UnicodeError:
            raise ValueError("the pattern is no text") from None
        if not literal:
            raise ValueError("the pattern matches every key")


def _touches(parameters: Parameters) -> str:
    return f"the keys {parameters.pattern} of {parameters.server}"


def _run(run: Run) -> Done:
    name = f"redis.{run.parameters.server}"
    connection = run.connections.redis.get(run.parameters.server)
    if connection is None:
        raise Unfit(f"this executor has no connection {name}")
    try:
        if urlsplit(connection.url).password is not None:
            raise Unfit(f"{name}: a password stands beside the url, by reference")
        password = connection.password.read() if connection.password is not None else None
        client = redis.Redis.from_url(
            connection.url,
            username=connection.username,
            password=password,
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_TIMEOUT,
            retry=Retry(NoBackoff(), 0),
        )
        with client:
            client.ping()
            return _flush(run, client, run.parameters)
    except (NoSecret, ValueError, redis.RedisError) as error:  # before anything was deleted
        raise Unfit(f"{name}: {error}") from None


def _flush(run: Run, client: redis.Redis, parameters: Parameters) -> Done:
    end, gone, cursor, pattern = time.monotonic() + _SECONDS, 0, 0, parameters.pattern.encode()
    try:
        while True:
            cursor, keys = client.scan(cursor, match=pattern, count=_AT_ONCE)
            if keys:
                gone += client.unlink(*keys)
            if cursor == 0:
                return Done("succeeded", f"{gone} keys are deleted: {_touches(parameters)}")
            if gone >= MOST or time.monotonic() > end or not run.held():
                return Done("failed", f"stopped after {gone} keys; there may be more")
    except redis.ResponseError as error:
        return Done("failed", f"after {gone} keys: {error}")
    except redis.RedisError as error:
        raise NoAnswer(f"after {gone} keys: {error}", sent=True) from None


ACTION = Action(
    parameters=Parameters,
    repeatable=True,
    undone="What was deleted is gone: the pattern is to be one of a cache.",
    touches=_touches,
    run=_run,
)
