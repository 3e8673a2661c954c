"""Which key or item each comment belongs to, told from where it stands and how far it is indented."""

from bisect import bisect_left

from watchbill.layout.tree import Collection, Comment, Document, Entry, Text

MODELINE = "# yaml-language-server:"
HEADER = ("apiVersion", "kind")


def attach(documents: list[Document], source: Text) -> list[Document]:
    """Give every comment and blank line of the text to its owner; documents without a key are left out."""
    columns_of_tails: dict[int, int] = {}  # line -> column of the comment at its end
    owners: dict[int, list[str]] = {}
    orphans: list[str] = []
    kept: list[Document] = []
    if not documents:
        return []
    bounds = [*(document.marker for document in documents[1:]), len(source.text) + 1]
    position = 0
    for document, bound in zip(documents, bounds, strict=True):
        marker = max(document.marker, 0)
        while position < len(source.comments) and source.comments[position].start < bound:
            comment = source.comments[position]
            position += 1
            before = comment.line - 1
            if comment.own_line and columns_of_tails.get(before) == comment.column and comment.column > 0:
                owner = owners[before]
                owner.append(comment.text)
            elif not document.root.entries or comment.start < marker:
                orphans += _spaced(comment, source)
                continue
            elif comment.own_line:
                _own_line(document, comment, source).extend(_spaced(comment, source))
                continue
            else:
                owner = _tail(document, comment)
                owner.append(comment.text)
            if source.text[source.starts[comment.line] : comment.start].strip(" -") or comment.own_line:
                columns_of_tails[comment.line] = comment.column
                owners[comment.line] = owner
        if document.root.entries:
            document.root.entries[0].head[:0] = orphans
            orphans = []
            _blank_lines(document.root, source)
            kept.append(document)
    if orphans and kept:
        kept[-1].foot += orphans
    for document in kept:
        _split_head(document)
    return kept


def _spaced(comment: Comment, source: Text) -> list[str]:
    return ["", comment.text] if comment.line - 1 in source.blank else [comment.text]


def _before(node: Collection, index: int) -> int:
    """How many entries begin before a character of the text."""
    return bisect_left(node.entries, index, key=lambda entry: entry.start)


def _tail(document: Document, comment: Comment) -> list[str]:
    """Of a comment after something: the entry that began last before it, unless that is in brackets closed since."""
    node = document.root
    owner: Entry | None = None
    while count := _before(node, comment.start):
        owner = node.entries[count - 1]
        inner = owner.value
        if (
            not isinstance(inner, Collection)
            or inner.start > comment.start
            or (inner.flow and inner.end <= comment.start)
        ):
            return owner.tail
        node = inner
    if owner is None or node.flow:
        return node.entries[0].head if node.entries else node.foot
    return owner.tail


def _own_line(document: Document, comment: Comment, source: Text) -> list[str]:
    node = document.root
    chain: list[tuple[Collection, int]] = []  # each collection that is open here, and how many entries came before
    while True:
        count = _before(node, comment.start)
        chain.append((node, count))
        if count == 0:
            break
        entry = node.entries[count - 1]
        inner = entry.value
        if (
            isinstance(inner, Collection)
            and inner.start < comment.start
            and (not inner.flow or comment.start < inner.end)
        ):
            node = inner
            continue
        if comment.start < inner.start:
            if isinstance(inner, Collection) and not inner.flow and inner.entries:
                return inner.entries[0].head
            return entry.head  # between a key and its value
        break
    if node.flow:
        return node.entries[count].head if count < len(node.entries) else node.foot
    return _by_column(document, chain, comment.column, source)


def _by_column(document: Document, chain: list[tuple[Collection, int]], column: int, source: Text) -> list[str]:
    """Before the next entry, or, when it is indented deeper than that, after the last of what ends here."""
    ended: list[Collection] = []
    for node, count in reversed(chain):
        if count < len(node.entries):
            following = node.entries[count]
            deeper = (
                column > source.column(following.start) and not following.head
            )  # else it follows one that is above it
            inner = _owner(ended, column) if deeper else None
            return inner.foot if inner is not None else following.head
        ended.append(node)
    inner = _owner(ended, column)
    return document.foot if inner is None or inner is document.root else inner.foot


def _owner(ended: list[Collection], column: int) -> Collection | None:
    """The innermost collection that is not indented deeper; the mapping, where a list stands right under its key."""
    for position, inner in enumerate(ended):
        if inner.column <= column:
            outer = ended[position + 1] if position + 1 < len(ended) else None
            under_key = not inner.mapping and outer is not None and outer.mapping and outer.column == column
            return outer if under_key else inner
    return None


def _blank_lines(node: Collection, source: Text) -> None:
    """A blank line above an entry is kept with it."""
    for position, entry in enumerate(node.entries):
        if not node.flow and (position > 0 or entry.head) and source.line(entry.start) - 1 in source.blank:
            entry.head.append("")
        if isinstance(entry.value, Collection):
            _blank_lines(entry.value, source)


def _split_head(document: Document) -> None:
    """What stands at the top of a document speaks of all of it, and stays there whatever key comes first."""
    first = document.root.entries[0]
    keep = len(first.head)
    if first.key is None or first.key.value not in HEADER:
        keep = max(
            (index + 1 for index, text in enumerate(first.head) if not text or text.startswith(MODELINE)), default=0
        )
    document.head += first.head[:keep]
    first.head = first.head[keep:]
