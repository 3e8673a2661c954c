"""Mermaid diagrams: an escalation as a flowchart."""

import re
from collections.abc import Sequence

# In a quoted label Mermaid reads `#NN;` as a character; nothing else in it is then syntax, Markdown or HTML.
_SPECIAL = re.compile(r"[^\w .,:()/@+-]")


def label(text: str) -> str:
    """Words as a quoted Mermaid label."""
    return '"' + quoted(text) + '"'


def quoted(text: str) -> str:
    return _SPECIAL.sub(lambda match: f"#{ord(match[0])};" if match[0].isprintable() else " ", text)


def escalation(
    start: str, steps: Sequence[tuple[Sequence[str], str]], repeat: int, also: Sequence[str], last_resort: str
) -> str:
    """The flowchart of an escalation: `steps` are who is told, and how long is waited before the next step."""
    lines = ["flowchart TD", f"    start([{label(start)}])"]
    if also:
        lines += [f"    also[{_people(also)}]", '    start -. "at once" .-> also']
    for number, (people, _) in enumerate(steps, 1):
        lines.append(f"    step{number}[{_people(people)}]")
    lines.append("    start --> step1")
    for number, (_, wait) in enumerate(steps[:-1], 1):
        lines.append(f"    step{number} -- {label(f'no answer in {wait}')} --> step{number + 1}")
    last = len(steps)
    if repeat and steps:
        times = "once more" if repeat == 1 else f"{repeat} times more"
        lines.append(f"    step{last} -- {label(f'no answer in {steps[-1][1]}: from the top, {times}')} --> step1")
    lines += [f"    last[{label(last_resort)}]", f'    step{last} -. "if a step reaches nobody" .-> last']
    return "\n".join(lines)


def _people(people: Sequence[str]) -> str:
    return '"' + "<br>".join(quoted(person) for person in people) + '"'
