"""Walks through the actions of a template as `text/template/parse/parse.go` does, and notes what they read."""

import msgspec

from watchbill.promql.cursor import shortened
from watchbill.promql.fault import Rejected, nearest
from watchbill.promql.literals import unescape
from watchbill.promql.selectors import Use
from watchbill.promql.template_tokens import Action, TemplateToken
from watchbill.promql.template_words import FIELDS, GIVEN, TEMPLATE_FUNCTIONS, Kind

_CONSTANTS = frozenset(("number", "string", "character", "dot"))
_WORDS = frozenset(("true", "false", "nil"))


class _Block(msgspec.Struct):
    """An open `if`, `with`, `range`, `block` or `define`: what was in force before it, and whether `else` came."""

    word: str
    start: int
    end: int
    dot: Kind
    variables: dict[str, Kind]
    ended: bool = False


class Scanner:
    """Walks through the actions, knowing what the dot and each variable stand for."""

    def __init__(self) -> None:
        self.labels: list[Use] = []
        self.values: list[Use] = []
        self.functions: list[Use] = []
        self.queries: list[Use] = []
        self.dot: Kind = "root"
        self.variables: dict[str, Kind] = dict(GIVEN)
        self.blocks: list[_Block] = []
        self.tokens: tuple[TemplateToken, ...] = ()
        self.place = 0
        self.span = (0, 0)

    def close(self) -> None:
        if self.blocks:
            block = self.blocks[-1]
            raise Rejected(f"this `{block.word}` has no `end`", block.start, block.end)

    def action(self, action: Action) -> None:
        """One `{{ … }}`: a word of the language, or a pipeline."""
        self.tokens, self.place, self.span = action.tokens, 0, (action.start, action.end)
        word = self.tokens[0].text if self.tokens and self.tokens[0].kind == "word" else ""
        if word in {"if", "with", "range", "block", "define"}:
            self._open(word)
        elif word == "else":
            self._else()
        elif word == "end":
            self.place = 1
            if not self.blocks:
                raise Rejected("this `end` closes nothing", *self.span)
            self._leave(self.blocks.pop())
        elif word in {"break", "continue"}:
            self.place = 1
            if not any(block.word == "range" for block in self.blocks):
                raise Rejected(f"`{word}` stands only inside `range`", *self.span)
        elif word == "template":
            self.place = 1
            self._name(word)
            if self._here() is not None:
                self._pipeline(word)
        else:
            self._pipeline("")
        token = self._here()
        if token is not None:
            raise Rejected(f"found `{shortened(token.text)}` where `}}}}` should stand", token.start, token.end)

    def _open(self, word: str) -> None:
        block = _Block(word, *self.span, self.dot, dict(self.variables))
        self.place = 1
        if word == "define" and self.blocks:
            raise Rejected("`define` cannot stand inside another block", *self.span)
        if word in {"block", "define"}:
            self._name(word)
        kind: Kind = "other" if word == "define" else self._pipeline(word)
        self.blocks.append(block)
        if word in {"block", "define"}:
            self.variables = {"$": "other"}
            self.dot = "other"
        elif word == "with":
            self.dot = kind
        elif word == "range":
            self.dot = "other"

    def _else(self) -> None:
        self.place = 1
        if not self.blocks or self.blocks[-1].word not in {"if", "with", "range"}:
            raise Rejected("this `else` belongs to nothing", *self.span)
        block = self.blocks[-1]
        if block.ended:
            raise Rejected(f"a second `else` for the same `{block.word}`", *self.span)
        self.dot = block.dot
        token = self._here()
        if token is None:
            block.ended = True
        elif token.text == block.word and block.word in {"if", "with"}:
            self.place += 1
            kind = self._pipeline(token.text)
            self.dot = kind if token.text == "with" else self.dot

    def _leave(self, block: _Block) -> None:
        """What was declared inside ends here; what was assigned to outer variables stays."""
        self.dot = block.dot
        if block.word in {"block", "define"}:
            self.variables = block.variables
        else:
            self.variables = {name: self.variables.get(name, kind) for name, kind in block.variables.items()}

    def _here(self) -> TemplateToken | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def _name(self, word: str) -> None:
        token = self._here()
        if token is None or token.kind != "string":
            raise Rejected(f"`{word}` needs a name in quotes", *self.span)
        self.place += 1

    def _pipeline(self, context: str, *, nested: int = 0) -> Kind:
        """Commands separated by `|`, possibly with variables declared or assigned before them."""
        declared = self._declaration(context) if not nested else []
        kind: Kind = "other"
        piped: TemplateToken | None = None
        stage = 0
        while True:
            kind, piped = self._command(context, stage, piped, nested)
            stage += 1
            token = self._here()
            if token is None or token.kind != "|":
                break
            self.place += 1
            # Go lets a pipeline end in `|`.
            following = self._here()
            if following is None or following.kind == ")":
                break
        for name in declared:
            self.variables[name] = "other" if context == "range" else kind
        return kind

    def _declaration(self, context: str) -> list[str]:
        """The names in `$x :=`, `$x =`, and for `range` also `$i, $x :=`."""
        names: list[str] = []
        place = self.place
        while place < len(self.tokens) and self.tokens[place].kind == "variable":
            names.append(self.tokens[place].text)
            place += 1
            if place < len(self.tokens) and self.tokens[place].kind == "," and context == "range" and len(names) == 1:
                place += 1
                continue
            break
        if not names or place >= len(self.tokens) or self.tokens[place].kind not in {":=", "="}:
            return []
        if self.tokens[place].kind == "=":
            for name in names:
                self._variable(name, self.tokens[self.place])
        self.place = place + 1
        return names

    def _variable(self, name: str, token: TemplateToken) -> Kind:
        if name not in self.variables:
            close = nearest(name, self.variables)
            raise Rejected(f"the variable `{name}` is not declared{close}", token.start, token.end)
        return self.variables[name]

    def _command(
        self, context: str, stage: int, piped: TemplateToken | None, nested: int
    ) -> tuple[Kind, TemplateToken | None]:
        """Operands up to `|`, `)` or the end. Gives what it stands for, and its token if it is one constant string."""
        operands: list[tuple[Kind, TemplateToken]] = []
        while True:
            token = self._here()
            if token is None or token.kind in {"|", ")"}:
                break
            if operands and not token.spaced:
                raise Rejected(f"found `{shortened(token.text)}` where a blank should stand", token.start, token.end)
            operands.append((self._operand(token, nested), token))
        if not operands:
            where = self._here()
            what = f"for `{context}`" if context and not stage else "here"
            raise Rejected(f"a value is missing {what}", *((where.start, where.end) if where else self.span))
        kind, first = operands[0]
        alone = len(operands) == 1
        if first.text == "nil" and alone:
            raise Rejected("`nil` is no command", first.start, first.end)
        if stage and (first.kind in _CONSTANTS or first.text in _WORDS):
            raise Rejected("only a function can stand behind `|`", first.start, first.end)
        strings = [one for _, one in operands[1:] if one.kind == "string"]
        if piped is not None:
            strings.append(piped)
        if first.text == "index" and first.kind == "word" and len(operands) > 1 and operands[1][0] == "labels":
            source = operands[1][1]
            for one in strings[:1]:
                self.labels.append(Use(_string(one), min(source.start, one.start), max(source.end, one.end)))
        elif first.text == "query" and first.kind == "word":
            self.queries.extend(Use(_string(one), one.start, one.end) for one in strings[:1])
        return (kind if alone else "other"), (first if alone and first.kind == "string" else None)

    def _operand(self, token: TemplateToken, nested: int) -> Kind:
        """One operand with the fields that follow it directly."""
        self.place += 1
        kind: Kind = "other"
        if token.kind == "variable":
            kind = self._variable(token.text, token)
        elif token.kind == "dot":
            kind = self.dot
        elif token.kind == "field":
            self.place -= 1
            kind = self.dot
        elif token.kind == "(":
            if nested >= 50:
                raise Rejected("parentheses more than 50 levels deep", token.start, token.end)
            kind = self._pipeline("", nested=nested + 1)
            self.place += 1
        elif token.kind == "word":
            if token.text not in TEMPLATE_FUNCTIONS and token.text not in _WORDS:
                close = nearest(token.text, TEMPLATE_FUNCTIONS)
                raise Rejected(f"there is no template function `{token.text}`{close}", token.start, token.end)
            if token.text in TEMPLATE_FUNCTIONS:
                self.functions.append(Use(token.text, token.start, token.end))
        elif token.kind not in {"number", "string", "character"}:
            raise Rejected(f"`{token.text}` cannot stand here", token.start, token.end)
        return self._fields(token, kind)

    def _fields(self, token: TemplateToken, kind: Kind) -> Kind:
        """Follows `.a.b`; reading a label or the value is noted."""
        first = True
        while True:
            field = self._here()
            if field is None or field.kind not in {"field", "dot"} or (field.spaced and not (first and field is token)):
                break
            if token.kind in _CONSTANTS or token.text in _WORDS or field.kind == "dot":
                raise Rejected(f"`{field.text}` cannot follow `{shortened(token.text)}`", field.start, field.end)
            self.place += 1
            first = False
            name = field.text[1:]
            if kind == "root":
                kind = FIELDS.get(name, "other")
            elif kind == "labels":
                self.labels.append(Use(name, token.start, field.end))
                kind = "other"
            else:
                kind = "other"
        if kind == "value":
            end = self.tokens[self.place - 1].end
            self.values.append(Use("value", token.start, end))
        return kind


def _string(token: TemplateToken) -> str:
    body = token.text[1:-1]
    return body if token.text[0] == "`" else unescape(body, '"', token.start + 1)
