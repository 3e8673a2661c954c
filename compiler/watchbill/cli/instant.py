"""An instant on the command line: with an offset, or with a zone beside it."""

from datetime import datetime
from typing import Any

import click


class Instant(click.ParamType[datetime]):
    """`2026-12-25T03:00+01:00`, `2026-12-25T02:00Z` or `2026-12-25T03:00 Europe/Berlin`."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        from watchbill.spec.scalars import instant  # noqa: PLC0415

        when, problem = instant(value)
        if when is None:
            self.fail(problem or "", param, ctx)
        return when
