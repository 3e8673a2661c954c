"""Window: a time in which some alerts are quieter, or the machine leaves something alone."""

from typing import Annotated, ClassVar, Literal

import msgspec

from watchbill.spec.scalars import Hours, LabelName, LocalTime, OneOrMore, PlaceName, Text, Weekdays, Zone


class When(msgspec.Struct, frozen=True, kw_only=True):
    """Every week, or once."""

    __exactly_one__: ClassVar = ("every", "from")
    every: Annotated[Weekdays | None, "Days of the week, such as tuesday."] = None
    hours: Annotated[
        tuple[Hours, ...], OneOrMore(), 'With `every`: hours such as "02:00-04:00". Default: all day.'
    ] = ()
    from_: Annotated[LocalTime | None, "The start of a window that comes once."] = msgspec.field(
        name="from", default=None
    )
    until: Annotated[LocalTime | None, "Its end."] = None
    timezone: Annotated[Zone, "The zone of these hours, and of times without an offset."] = "UTC"


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Maintenance or a change freeze. With a `team:` it reaches alerts of that team only; without one, everybody's."""

    when: Annotated[When, "When it holds."]
    match: Annotated[
        dict[LabelName, Text], "Labels of the alerts it is about, such as {service: postgres-primary}. Default: all."
    ] = {}
    in_: Annotated[tuple[PlaceName, ...], OneOrMore(), "Where. Default: everywhere."] = msgspec.field(
        name="in", default=()
    )
    effect: Annotated[
        Literal["ticket", "notify", "no-remediation"],
        "The strongest outcome while it holds; or `no-remediation`: everybody is told as always, and the machine does nothing.",
    ]
    reason: Annotated[Text, "Why: shown wherever it has an effect."]
