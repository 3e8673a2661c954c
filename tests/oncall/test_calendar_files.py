"""iCalendar: another library reads the same shifts back."""

from datetime import UTC, date, datetime, timedelta

import icalendar
from generated_schedules import schedules, zone
from hypothesis import HealthCheck, given, settings

from watchbill.oncall import Era, Gap, Layer, Schedule, Shift, shifts
from watchbill.oncall.duty import Duty
from watchbill.oncall.ical import calendar

LISBON = zone("Europe/Lisbon")


def read_back(text):
    """What icalendar makes of it: start, end, summary and category of every event."""
    found = icalendar.Calendar.from_ical(text)
    assert found.errors == []
    events = list(found.walk("VEVENT"))
    assert all(event.errors == [] for event in events)
    return found, [
        (
            event.decoded("dtstart"),
            event.decoded("dtend"),
            str(event["summary"]),
            event["categories"].to_ical().decode(),
        )
        for event in events
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(schedules())
def test_another_library_reads_the_same_shifts_back(made):
    schedule, around = made
    start = datetime(around.year, around.month, around.day, tzinfo=UTC) - timedelta(days=2)
    found = shifts(schedule, start, start + timedelta(days=7))
    _, events = read_back(calendar("team", "ecap", [("team/first", shift) for shift in found]))
    assert [(begins, ends, kind) for begins, ends, _, kind in events] == [
        (one.start, one.end, one.kind) for one in found
    ]
    names = [
        shift.person or {"gap": "nobody on call, as declared", "hole": "NOBODY ON CALL"}[shift.kind] for shift in found
    ]
    assert [summary for _, _, summary, _ in events] == [f"{name}: team/first" for name in names]


def test_every_event_has_a_name_of_its_own_and_leaves_the_reader_free():
    made = Schedule("first", LISBON, (Layer("week", (Era(date(2026, 1, 5), ("ana", "bo")),)),))
    found = shifts(made, datetime(2026, 1, 5, 9, tzinfo=UTC), datetime(2027, 1, 5, 9, tzinfo=UTC))
    parsed, _ = read_back(calendar("first", "ecap", [("payments/first", shift) for shift in found]))
    names = [str(event["uid"]) for event in parsed.walk("VEVENT")]
    assert len(set(names)) == len(names) == len(found)
    assert names[0] == "payments-first-20260105T090000Z@ecap.watchbill"
    assert {str(event["transp"]) for event in parsed.walk("VEVENT")} == {"TRANSPARENT"}


def test_text_that_would_mean_something_and_long_lines_come_through_whole():
    duty = Duty("swap", "first", "joão; a\\b, c", "ä" * 80, "chi", 0)
    shift = Shift(datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC), duty)
    text = calendar("Pager, nights; all", "ecap", [("first", shift)])
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")
    parsed, events = read_back(text)
    assert "X-WR-CALNAME:Pager\\, nights\\; all\r\n" in text
    assert events[0][2] == "joão; a\\b, c: first"
    assert str(parsed.walk("VEVENT")[0]["description"]) == f"joão; a\\b, c for chi, in {'ä' * 80}"


def test_the_same_shifts_are_the_same_bytes():
    made = Schedule(
        "first",
        LISBON,
        (Layer("week", (Era(date(2026, 1, 5), ("ana", "bo")),)),),
        gaps=(Gap(datetime(2026, 1, 7, tzinfo=UTC), datetime(2026, 1, 8, tzinfo=UTC)),),
    )
    span = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    texts = {calendar("first", "ecap", [("first", shift) for shift in shifts(made, *span)]) for _ in range(3)}
    assert len(texts) == 1
