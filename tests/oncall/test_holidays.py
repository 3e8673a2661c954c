"""Public holidays: a lock that people review, and calendars that believe nothing else."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.cli.holidays import known_holidays
from watchbill.oncall.holidays import days_of, missing, parse, render
from watchbill.spec.resolve import read_workspace
from watchbill.spec.rota import close_on_holidays, rota

LOCK = """\
# Public holidays
PT 2025

PT 2026
2026-01-01 New Year's Day
2026-12-25 Christmas Day

PT 2027
2027-01-01 New Year's Day
"""
CALENDAR = """
---
kind: Calendar
name: office
timezone: Europe/Lisbon
weekly: {monday-friday: ["09:00-18:00"]}
closed: [2026-12-24]
holidays: PT
"""
COVERED = "coverage: {from: 2026-01-01, until: 2026-12-31}\n---"


def with_calendar(small, coverage=COVERED):
    return small.replace("---", coverage, 1) + CALENDAR


@given(
    st.dictionaries(
        st.sampled_from(["PT", "BR-SP", "US", "IN"]),
        st.dictionaries(
            st.integers(2020, 2030),
            st.dictionaries(
                st.dates(date(2020, 1, 1), date(2020, 12, 31)), st.sampled_from(["Carnaval", "Día  de\nJesús"])
            ),
        ),
    )
)
def test_a_lock_is_read_back_as_it_was_written(made):
    lock = {
        region: {
            year: {date(year, day.month, min(day.day, 28)): name for day, name in days.items()}
            for year, days in years.items()
        }
        for region, years in made.items()
        if years
    }
    text = render(lock, "a test")
    again, wrong = parse(text)
    assert wrong == []
    assert {region: {year: set(days) for year, days in years.items()} for region, years in again.items()} == {
        region: {year: set(days) for year, days in years.items()} for region, years in lock.items()
    }
    assert render(again, "a test") == text


WRONG = {
    "a word that is no day": ("PT 2026\nChristmas\n", 2, "neither"),
    "a day that does not exist": ("PT 2026\n2026-02-30 Never\n", 2, "neither"),
    "a day without a name": ("PT 2026\n2026-12-25\n", 2, "neither"),
    "a day of another year": ("PT 2026\n2027-12-25 Christmas Day\n", 2, "not in its place"),
    "days out of order": ("PT 2026\n2026-12-25 Christmas Day\n2026-01-01 New Year\n", 3, "not in its place"),
    "a day twice": ("PT 2026\n2026-12-25 Christmas Day\n2026-12-25 Again\n", 3, "not in its place"),
    "a country twice": ("PT 2026\nPT 2026\n", 2, "second time"),
    "a day of no country": ("2026-12-25 Christmas Day\n", 1, "before any country"),
}


@pytest.mark.parametrize("text, line, message", WRONG.values(), ids=WRONG)
def test_a_line_that_cannot_be_understood_is_named(text, line, message):
    ((number, what),) = parse(text)[1]
    assert number == line
    assert message in what


def test_a_year_without_holidays_is_known_and_a_year_that_is_not_there_is_missing():
    lock, _ = parse(LOCK)
    assert missing(lock, "PT", range(2024, 2029)) == [2024, 2028]
    assert missing(lock, "ES", [2026]) == [2026]
    assert date(2026, 12, 25) in days_of(lock, "PT")


def test_a_calendar_is_closed_on_the_holidays_of_its_country(small, workspace):
    root = workspace({"policies/watchbill.yaml": with_calendar(small), "policies/holidays.lock": LOCK})
    made, _, _ = read_workspace(root, cache=False)
    found, problems = rota(made)
    assert problems == []
    closed = {date(2026, 12, 24), date(2026, 12, 25), date(2026, 1, 1), date(2027, 1, 1)}
    assert found.calendars["office"].closed == closed


def test_holidays_can_be_written_into_the_closed_days_of_the_documents_themselves(small, workspace):
    root = workspace({"policies/watchbill.yaml": with_calendar(small), "policies/holidays.lock": LOCK})
    made, _, _ = read_workspace(root, cache=False)
    documents = {kind: dict(same) for kind, same in made.documents.items()}
    assert close_on_holidays(documents, made.settings.coverage, root) == []
    body = documents["Calendar"]["office"].body
    assert body.closed == ("2026-01-01", "2026-12-24", "2026-12-25", "2027-01-01")
    again = {kind: dict(same) for kind, same in documents.items()}
    close_on_holidays(again, made.settings.coverage, root)
    assert again["Calendar"]["office"].body == body


def test_everything_that_reads_the_model_sees_calendars_closed_on_holidays(small, workspace):
    root = workspace({"policies/watchbill.yaml": with_calendar(small), "policies/holidays.lock": LOCK})
    made, _, _ = read_workspace(root, cache=False)
    assert "2026-12-25" in made.documents["Calendar"]["office"].body.closed


@pytest.mark.parametrize(
    "lock, message",
    {
        "there is none": (None, "does not know the holidays of PT in 2025, 2026 and 2027"),
        "a year is missing": (LOCK.replace("PT 2027\n2027-01-01 New Year's Day\n", ""), "of PT in 2027"),
        "another country": (LOCK.replace("PT", "ES"), "of PT in 2025, 2026 and 2027"),
    }.values(),
    ids=lambda value: str(value)[:20],
)
def test_a_holiday_that_is_not_locked_is_an_error_and_never_a_guess(lock, message, small, workspace, findings):
    files = {"policies/watchbill.yaml": with_calendar(small)} | ({"policies/holidays.lock": lock} if lock else {})
    (found,) = findings(workspace(files))
    assert (found.code, found.level, found.text) == ("WB532", "error", "PT")
    assert message in found.message
    assert found.help == "run: watchbill holidays update"


def test_holidays_without_a_coverage_time_are_of_no_year(small, workspace, findings):
    root = workspace({"policies/watchbill.yaml": with_calendar(small, "---"), "policies/holidays.lock": LOCK})
    (found,) = findings(root)
    assert found.code == "WB532"
    assert "of which years" in found.message


def test_a_broken_lock_is_an_error_at_its_line(small, workspace, findings):
    root = workspace(
        {"policies/watchbill.yaml": with_calendar(small), "policies/holidays.lock": LOCK + "2026-25-12 Christmas\n"}
    )
    (found,) = findings(root)
    assert (found.code, found.file, found.place[0]) == ("WB533", "policies/holidays.lock", 10)


def test_a_lock_that_is_not_text_is_an_error_too(small, workspace, findings):
    root = workspace({"policies/watchbill.yaml": with_calendar(small), "policies/holidays.lock": b"PT 2026\n\xff\n"})
    (found,) = findings(root)
    assert (found.code, found.message) == ("WB533", "the holiday lock cannot be read: it is not UTF-8")


def test_without_holidays_in_any_calendar_no_lock_is_asked_for(small, workspace, findings):
    text = with_calendar(small).replace("holidays: PT\n", "")
    assert findings(workspace({"policies/watchbill.yaml": text})) == []


@pytest.mark.parametrize("word", ["pt", "Portugal", "PT-", "PT_11"])
def test_a_country_that_cannot_be_one_is_said_at_its_place(word, small, workspace, findings):
    root = workspace({"policies/watchbill.yaml": with_calendar(small).replace("holidays: PT", f"holidays: {word}")})
    (found,) = findings(root)
    assert (found.code[:3], found.text) == ("WB1", word)
    assert "a country such as PT" in found.message


# The package that knows them


def test_holidays_come_in_english_whatever_the_machine_speaks(monkeypatch):
    for variable in ("LANG", "LANGUAGE", "LC_ALL"):
        monkeypatch.setenv(variable, "de_DE.UTF-8")
    found = known_holidays("DE", [2026])
    assert found[2026][date(2026, 12, 25)] == "Christmas Day"


def test_a_subdivision_has_its_own():
    plain, own = known_holidays("DE", [2026]), known_holidays("DE-BE", [2026])
    assert set(own[2026]) - set(plain[2026]) == {date(2026, 3, 8)}


@pytest.mark.parametrize("region, message", [("XX", "`XX` are not known"), ("DE-QQ", "no subdivision `QQ`")])
def test_a_region_that_nobody_knows_is_said(region, message):
    assert message in known_holidays(region, [2026])


def test_a_year_that_the_package_does_not_know_is_said():
    assert "in 2999 are not known" in known_holidays("PT", [2999])


def test_msgspec_keeps_a_calendar_with_holidays_through_the_cache():
    from watchbill.spec.kinds import Calendar

    made = Calendar(weekly={"monday": ("09:00-18:00",)}, holidays="PT")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(made), type=Calendar) == made
