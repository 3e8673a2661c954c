"""CODEOWNERS: who reviews a change of which policy. GitHub reads it in `.github/`, so it is copied or linked to there.

Only when a team says its `github:` handle. A folder that one team has to itself is one line; in other folders each file
that a team has a document in is one. The last line that matches a path counts, so no path is matched by two.
"""

from collections.abc import Iterator

from watchbill.spec.model import Workspace
from watchbill.spec.ownership import speaks_for
from watchbill.targets.artifact import HEADER, Artifact

PATH = "CODEOWNERS"
_NOTE = "# GitHub reads .github/CODEOWNERS: copy this file there, or let a workflow compare the two.\n"

Handles = tuple[str, ...]


def build(workspace: Workspace) -> list[Artifact]:
    """The file, or nothing when no team has a handle."""
    handles = {
        name: policy.body.github
        for name, policy in workspace.documents.get("Team", {}).items()
        if policy.body is not None and policy.body.github is not None
    }
    if not handles:
        return []
    lines = [(path, owners) for path, owners in sorted(_lines(_owners(workspace, handles))) if owners]
    width = max((len(_escaped(path)) for path, _ in lines), default=0)
    text = "".join(f"/{_escaped(path):<{width}} {' '.join(owners)}\n" for path, owners in lines)
    sources = tuple(f"Team/{name}" for name in sorted(handles))
    return [Artifact(PATH, f"{HEADER}{_NOTE}\n{text}", sources)]


def _owners(workspace: Workspace, handles: dict[str, str]) -> dict[str, Handles]:
    """The handles for each policy file, and for each pattern of rule files that a Foreign names."""
    teams: dict[str, set[str]] = {}
    for policies in workspace.documents.values():
        for policy in policies.values():
            team = speaks_for(policy)
            teams.setdefault(policy.at.file, set()).update([team] if team else [])
            if policy.kind == "Foreign" and policy.body is not None:
                folder = policy.at.file.rpartition("/")[0]
                for pattern in policy.body.rules:
                    teams.setdefault(f"{folder}/{pattern}", set()).update([team] if team else [])
    return {
        path: tuple(dict.fromkeys(handles[team] for team in sorted(named) if team in handles))
        for path, named in teams.items()
    }


def _lines(owners: dict[str, Handles], folder: str = "") -> Iterator[tuple[str, Handles]]:
    """A line for the folder when everything below has the same owners; else for its files, and for what is below."""
    below = {path: who for path, who in owners.items() if path.startswith(folder)}
    if folder.count("/") > 0 and len(set(below.values())) == 1:
        yield folder, next(iter(below.values()))
        return
    deeper: dict[str, None] = {}
    for path, who in below.items():
        head, slash, _ = path.removeprefix(folder).partition("/")
        if slash and not set(head) & set("*?"):
            deeper[f"{folder}{head}/"] = None
        else:
            yield path, who
    for one in deeper:
        yield from _lines(below, one)


def _escaped(path: str) -> str:
    """A path as CODEOWNERS has it: a blank would end it, and `#` would begin a comment."""
    return path.replace("\\", "\\\\").replace(" ", "\\ ").replace("#", "\\#")
