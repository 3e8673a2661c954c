"""An instant on the command line: with an offset, or with a zone beside it."""

import re
from datetime import datetime
from typing import Any

import click

from watchbill.source.diagnostic import did_you_mean

_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(Z|[+-]\d{2}:\d{2})?(?: +([A-Za-z][\w+/-]*))?")

_FIRST, _LAST = 1970, 9000  # a calendar's days before and after it can still be counted


class Instant(click.ParamType[datetime]):
    """`2026-12-25T03:00+01:00`, `2026-12-25T02:00Z` or `2026-12-25T03:00 Europe/Berlin`."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        from watchbill.oncall.zones import zone_names  # noqa: PLC0415
        from watchbill.spec.scalars import local_time  # noqa: PLC0415

        match = _INSTANT.fullmatch(value)
        if match is None or (match.group(3) is None) == (match.group(4) is None):
            self.fail(
                f"`{value}` is no instant: write 2026-12-25T03:00+01:00 or '2026-12-25T03:00 Europe/Berlin'", param
            )
        day, time, offset, name = match.groups()
        if name is not None and name not in zone_names():
            close = did_you_mean(name, zone_names())
            self.fail(f"`{name}` is not a time zone{f': did you mean {close}?' if close else ''}", param, ctx)
        try:
            instant, problem = local_time(f"{day}T{time}{offset or ''}", name or "UTC")
        except ValueError as error:
            self.fail(f"`{value}` is no instant: {error}", param, ctx)
        if instant is None:
            self.fail(problem or "", param, ctx)
        if not _FIRST <= instant.year <= _LAST:
            self.fail(f"`{value}` is too far away: write a year from {_FIRST} to {_LAST}", param, ctx)
        return instant
