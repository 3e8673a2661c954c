"""An example of a finding, laid over the workspace of `shop.yaml`: how a few lines become policies that compile.

An example is one or more pieces, separated by `---`.
- A piece that starts with `# policies/…` is that file, whole.
- A piece that starts with `# alertmanager.yml` is keys of that file beside the shop's, which `check --config` reads.
- A piece with a `kind:` is a document. Its keys come before those of the shop's document of the same kind and name, and
  replace them; a document that the shop does not have is added.
- Any other piece is keys of the alert `PaymentsFail`.

What is marked with ⟦…⟧ is where the finding points.
"""

import re
from pathlib import Path
from typing import NamedTuple

ALERT = ("Service", "payment-gateway")
WORKSPACE = "policies/watchbill.yaml"
CONFIGURATION = "alertmanager.yml"
_KEY = re.compile(r"^(?:- |  )?([A-Za-z_]\w*):", re.MULTILINE)


class Laid(NamedTuple):
    """The files of a workspace, and the places that the example marks: file, line, column, end line, end column."""

    files: dict[str, str]
    marked: list[tuple[str, int, int, int, int]]


def laid_over(shop: Path, example: str) -> Laid:
    documents = {_named(text): text for text in shop.read_text("utf-8").split("\n---\n")}
    files: dict[str, str] = {}
    marked = []
    for piece in example.split("\n---\n"):
        first, _, rest = piece.partition("\n")
        name = _named(piece)
        if first.startswith("# ") and ("/" in first or CONFIGURATION in first):
            file, text = first.removeprefix("# "), f"{rest}\n"
            if file == CONFIGURATION:
                text = _completed(rest, (shop.parent / CONFIGURATION).read_text("utf-8"), "")
        elif name is not None:
            file, text = _file(name), _completed(piece, documents.get(name, ""), "")
        else:
            file, text = _file(ALERT), _with_alert(documents[ALERT], piece)
        if file in files:
            text = f"{files[file]}---\n{text}"
        files[file], places = _unmarked(text)
        marked += [(file, *place) for place in places]
    for name, text in documents.items():
        if name is not None:
            files.setdefault(_file(name), text.strip("\n") + "\n")
    return Laid(files, marked)


def _named(text: str) -> tuple[str, str] | None:
    plain = re.sub("[⟦⟧]", "", text)
    found = [re.search(rf"^{key}: *(\S+)", plain, re.MULTILINE) for key in ("kind", "name")]
    return (found[0][1], found[1][1]) if found[0] and found[1] else None


def _file(name: tuple[str, str]) -> str:
    return WORKSPACE if name[0] == "Workspace" else f"policies/{name[0].lower()}-{name[1]}.yaml"


def _completed(piece: str, whole: str, indent: str) -> str:
    """A piece, and after it the keys of the whole that it does not have itself."""
    own = set(re.findall(r"^⟦?([A-Za-z_]\w*)⟧?:", piece, re.MULTILINE))
    chunks = re.split(r"^(?=\w+:)", whole, flags=re.MULTILINE)
    kept = [chunk for chunk in chunks if re.match(r"\w", chunk) and chunk.partition(":")[0] not in own]
    lines = "\n".join([piece.strip("\n"), *(chunk.strip("\n") for chunk in kept)]).split("\n")
    return "".join(f"{indent}{line}".rstrip(" ") + "\n" if line.strip() else "\n" for line in lines)


def _with_alert(service: str, piece: str) -> str:
    """The service, with the piece as the first keys of its alert."""
    head, _, alert = service.partition("\n- ")
    bare = "\n".join(line.removeprefix("  ") for line in alert.split("\n"))
    body = _completed(piece, bare, "  ")
    return f"{head}\n- {body.removeprefix('  ')}"


def _unmarked(text: str) -> tuple[str, list[tuple[int, int, int, int]]]:
    places = []
    while "⟦" in text:
        before, _, rest = text.partition("⟦")
        inside, _, after = rest.partition("⟧")
        places.append((*_end_of(before), *_end_of(before + inside)))
        text = before + inside + after
    return text, places


def _end_of(text: str) -> tuple[int, int]:
    lines = text.split("\n")
    return len(lines), len(lines[-1]) + 1
