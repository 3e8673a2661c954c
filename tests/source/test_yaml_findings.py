"""What stands in a policy file and is not YAML as the language has it: each finding with its exact place."""

import pytest

CASES = {
    "a list that is never closed": ("WB003", "kind: Person\nname: ana\nskills: [payments\nnotify⟦:⟧ {}\n", "not YAML"),
    "a colon inside plain text": ("WB003", "kind: Person\nname: ana⟦:⟧ of payments\n", "mapping values are not allowed"),
    "a tab that indents": ("WB003", "kind: Person\nname: ana\nnotify:\n⟦\t⟧default: []\n", "cannot start any token"),
    "a double quote that never ends": ("WB003", 'kind: Person\nname: "ana\nemail: ana@shop.example⟦⟧\n', "end of stream"),
    "a single quote that never ends": ("WB003", "kind: Person\nname: 'ana⟦⟧\n", "end of stream"),
    "a value that starts with an at sign": ("WB003", "kind: Person\nname: ⟦@⟧ana\n", "cannot start any token"),
    "an alias without its anchor": ("WB003", "kind: Person\nname: ⟦*⟧ana\n", "undefined alias"),
    "an escape that YAML has not": ("WB003", 'kind: Person\nname: "ana⟦\\⟧q"\n', "unknown escape"),
    "a second key in the same mapping": ("WB004", "kind: Person\nname: ana\nemail: a@b.ec\n⟦email⟧: b@b.ec\n", "`email` is given twice"),
    "a second key, quoted": ("WB004", 'kind: Person\nname: ana\nemail: a@b.ec\n⟦"email"⟧: b@b.ec\n', "given twice"),
    "a tag on a value": ("WB006", "kind: Person\nname: ana\nemail: ⟦!!str a@b.ec⟧\n", "`tag:yaml.org,2002:str`"),
    "a tag on the kind": ("WB006", "kind: ⟦!!str Person⟧\nname: ana\nemail: a@b.ec\n", "`tag:yaml.org,2002:str`"),
    "a tag on the name": ("WB006", "kind: Person\nname: ⟦!x ana⟧\nemail: a@b.ec\n", "`!x`"),
    "a tag on a mapping": ("WB006", "kind: Person\nname: ana\nemail: a@b.ec\nphone: ⟦!!map {env: PHONE}⟧\n", "tag:yaml.org,2002:map"),
    "a merge key": ("WB006", "kind: Person\nname: ana\n⟦<<⟧: {email: a@b.ec}\nemail: a@b.ec\n", "merge keys"),
    "a key that is a list": ("WB006", "kind: Person\nname: ana\nemail: a@b.ec\n? ⟦[a, b]⟧\n: c\n", "a key must be plain text"),
    "an alias inside itself": ("WB006", "kind: Person\nname: ana\nemail: a@b.ec\nskills: ⟦&skills [*skills]⟧\n", "contain itself"),
    "a word that is a truth value in YAML 1.1": ("WB007", "kind: Person\nname: ana\nemail: a@b.ec\nslack: ⟦yes⟧\n", "`yes` is read as text"),
    "a number in base sixty": ("WB007", "kind: Person\nname: ana\nemail: a@b.ec\nslack: ⟦1:30⟧\n", "`1:30` is read as text"),
    "a number in base eight": ("WB007", "kind: Person\nname: ana\nemail: a@b.ec\nslack: ⟦0777⟧\n", "`0777` is read as text"),
}  # fmt: skip


@pytest.mark.parametrize("code, text, message", CASES.values(), ids=CASES)
def test_yaml_that_the_language_leaves_out_is_a_finding_at_its_place(
    code, text, message, small, workspace, findings, marked
):
    text, place = marked(text)
    root = workspace({"policies/watchbill.yaml": small, "policies/ana.yaml": text})
    found = findings(root, "policies/ana.yaml")
    assert [one.code for one in found] == [code]
    assert message in found[0].message
    assert (found[0].place if place[:2] != place[2:] else found[0].place[:2]) == (
        place if place[:2] != place[2:] else place[:2]
    )
    assert found[0].help


BYTES = {
    "a NUL byte": ("WB002", b'kind: Person\nname: "a\x00na"\n', (2, 9), "U+0000"),
    "a bell": ("WB002", b"kind: Person\n# \x07\n", (2, 3), "U+0007"),
    "a delete character": ("WB002", b"kind: Person\nname: \x7f\n", (2, 7), "U+007F"),
    "a byte-order mark in the middle of it": ("WB002", "kind: Person\nname: a\ufeffna\n".encode(), (2, 8), "U+FEFF"),
    "Latin-1": ("WB002", "kind: Person\nname: ana\nslack: jos\xe9\n".encode("latin-1"), (3, 11), "0xe9"),
    "Latin-1 after a character of two bytes": ("WB002", "slack: \xe9".encode() + b"\xe9", (1, 9), "0xe9"),
    "a surrogate in UTF-8": ("WB002", b"slack: \xed\xa0\x80\n", (1, 8), "0xed"),
    "half a character at the end": ("WB002", b"slack: a\xc3", (1, 9), "0xc3"),
    "UTF-16 with little ends first": ("WB002", "kind: Person\n".encode("utf-16"), (1, 1), "UTF-16"),
    "UTF-16 with big ends first": ("WB002", b"\xfe\xff" + "kind: Person\n".encode("utf-16-be"), (1, 1), "UTF-16"),
    "UTF-16 without a mark": ("WB002", "kind: Person\n".encode("utf-16-le"), (1, 2), "U+0000"),
}  # fmt: skip


@pytest.mark.parametrize("code, data, place, message", BYTES.values(), ids=BYTES)
def test_a_file_that_is_not_text_is_a_finding_at_the_first_wrong_byte(
    code, data, place, message, small, workspace, findings
):
    root = workspace({"policies/watchbill.yaml": small, "policies/ana.yaml": data})
    (found,) = findings(root, "policies/ana.yaml")
    assert (found.code, found.place[:2]) == (code, place)
    assert message in found.message


def test_a_byte_order_mark_and_windows_line_ends_are_warnings_and_the_file_is_read(small, workspace, findings):
    root = workspace({"policies/watchbill.yaml": b"\xef\xbb\xbf" + small.replace("\n", "\r\n").encode()})
    found = findings(root)
    assert [(one.code, one.level, one.place[:2]) for one in found] == [
        ("WB008", "warning", (1, 1)),
        ("WB008", "warning", (1, 25)),
    ]


@pytest.mark.parametrize(
    "line_end", ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"], ids=["LF", "CR LF", "CR", "NEL", "LS", "PS"]
)
def test_lines_are_counted_as_the_yaml_reader_counts_them(line_end, small, workspace, findings):
    text = "kind: Person\nname: ana\nemail: ana@shop.example\nskils: [payments]\n".replace("\n", line_end)
    root = workspace({"policies/watchbill.yaml": small, "policies/ana.yaml": text})
    found = [one for one in findings(root, "policies/ana.yaml") if one.level == "error"]
    assert [(one.code, one.place, one.text) for one in found] == [("WB101", (4, 1, 4, 6), "skils")]


def test_an_unfinished_line_break_inside_a_quoted_text_moves_no_later_finding(small, workspace, findings):
    text = 'kind: Person\nname: ana\nemail: ana@shop.example\nslack: "a\u2028b"\nskils: []\n'
    root = workspace({"policies/watchbill.yaml": small, "policies/ana.yaml": text})
    assert [(one.place, one.text) for one in findings(root, "policies/ana.yaml")] == [((6, 1, 6, 6), "skils")]


def test_what_was_opened_and_never_closed_is_shown_where_it_was_opened(small, workspace, findings):
    texts = {"list": "kind: Person\nskills: [payments\n\nnotify: {}\n", "text": 'kind: Person\nname: "ana\nemail: a\n'}
    root = workspace(
        {"policies/watchbill.yaml": small, **{f"policies/{name}.yaml": text for name, text in texts.items()}}
    )
    assert [(one.file, [(place[:2], text) for _, place, text in one.related]) for one in findings(root)] == [
        ("policies/list.yaml", [((2, 9), "it begins here")]),
        ("policies/text.yaml", [((2, 7), "it begins here")]),
    ]


def test_a_second_key_is_shown_beside_the_first(small, workspace, findings):
    text = "kind: Person\nname: ana\nemail: a@b.ec\n\nemail: b@b.ec\n"
    root = workspace({"policies/watchbill.yaml": small, "policies/ana.yaml": text})
    (found,) = findings(root, "policies/ana.yaml")
    assert found.place == (5, 1, 5, 6)
    assert found.related == (("policies/ana.yaml", (3, 1, 3, 6), "first given here"),)


def test_documents_before_a_syntax_error_are_still_checked_and_still_count(small, workspace, findings):
    text = "kind: Person\nname: ana\nemial: a@b.ec\n---\nkind: Person\nname: [\n"
    root = workspace({"policies/watchbill.yaml": small, "policies/ana.yaml": text})
    assert [one.code for one in findings(root, "policies/ana.yaml")] == ["WB101", "WB003"]


def test_an_empty_file_and_a_file_of_comments_are_nothing_to_say_anything_about(small, workspace, findings):
    files = {"a": "", "b": "# nothing yet\n", "c": "---\n---\n", "d": "\n\n", "f": b"\xef\xbb\xbf"}
    root = workspace(
        {"policies/watchbill.yaml": small, **{f"policies/{name}.yaml": text for name, text in files.items()}}
    )
    assert [(one.code, one.file) for one in findings(root)] == [("WB008", "policies/f.yaml")]


@pytest.mark.parametrize("text", ["just text\n", "- a\n- b\n", "5\n", "[kind, Person]\n"])
def test_a_document_that_is_no_mapping_is_a_finding(text, small, workspace, findings):
    root = workspace({"policies/watchbill.yaml": small, "policies/ana.yaml": text})
    assert [(one.code, one.place[:2]) for one in findings(root, "policies/ana.yaml")] == [("WB102", (1, 1))]
