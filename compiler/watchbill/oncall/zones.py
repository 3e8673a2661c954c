"""Time zones of the tzdata package: never the machine's own, so that every machine reads a schedule alike."""

from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    from importlib import resources  # noqa: PLC0415

    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The zone as the tzdata package has it."""
    from importlib import resources  # noqa: PLC0415

    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)
