"""What a template of an alert may name: functions and variables, as `template/template.go` of Prometheus gives them."""

from typing import Literal

_FUNCTIONS = """
    and call eq ge gt html index js le len lt ne not or print printf println slice urlquery

    args externalURL first graphLink humanize humanize1024 humanizeDuration humanizePercentage humanizeTimestamp
    label match parseDuration pathPrefix query reReplaceAll safeHtml sortByLabel stripPort strvalue tableLink title
    toLower toTime toUpper value
"""

TEMPLATE_FUNCTIONS: dict[str, str | None] = {
    **dict.fromkeys(_FUNCTIONS.split()),
    "stripDomain": "2.36.0",
    "now": "3.6.0",
    "toDuration": "3.6.0",
    "urlQueryEscape": "3.8.0",
}
"""Every function of an alert's template, Go's own first, with the first Prometheus that has it.

None stands for 2.30 or earlier. `tmpl` is none of them: only console templates have it.
"""

Kind = Literal["root", "labels", "value", "other"]
"""What a part of a template stands for: all data of the alert, its labels, its value, or anything else."""

GIVEN: dict[str, Kind] = {
    "$": "root",
    "$labels": "labels",
    "$externalLabels": "other",
    "$externalURL": "other",
    "$value": "value",
}
"""The variables that every template of an alert starts with."""

FIELDS: dict[str, Kind] = {"Labels": "labels", "Value": "value"}
"""The fields of all data that matter here."""
