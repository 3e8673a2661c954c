"""`watchbill fmt`: what it writes, what it leaves, what it says."""

import os
import stat

import pytest

from watchbill.layout import upgrade
from watchbill.layout.tree import Collection, Document
from watchbill.layout.upgrade import Migration

MESSY = "name: ana   # who\nkind: Person\nemail: 'ana@shop.example'\n"
TIDY = f"{'name: ana':<41}# who\n"
ANA = f"kind: Person\n{TIDY}email: ana@shop.example\n"
BROKEN = "kind: [Person\n"


@pytest.fixture
def shop(workspace, small):
    """A tidy workspace, but for the files that a test adds."""

    def make(files=None):
        alert = (
            "- name: WebDown\n  severity: critical\n  expr: 'up{job=\"web\"} == 0'\n  for: 2m\n"
            '  summary: "{{ $labels.instance }} is down"\n  runbook: {url: https://wiki.shop.example/web}\n'
        )
        return workspace({"policies/watchbill.yaml": small.split("- {name: WebDown")[0] + alert, **(files or {})})

    return make


def test_every_policy_is_laid_out_and_named(shop, run):
    root = shop({"policies/ana.yaml": MESSY, "policies/a/b.yml": "name: b\nkind: Team\n"})
    ran = run("fmt", cwd=root)
    assert (ran.exit, ran.out) == (0, "policies/a/b.yml: laid out\npolicies/ana.yaml: laid out\n")
    assert ran.err == "2 of 3 files laid out anew.\n"
    assert (root / "policies/ana.yaml").read_text() == ANA
    assert (root / "policies/a/b.yml").read_text() == "kind: Team\nname: b\n"
    again = run("fmt", cwd=root)
    assert (again.exit, again.out, again.err) == (0, "", "3 files read, every one as it should be.\n")


def test_what_is_laid_out_already_is_not_written(shop, run):
    root = shop()
    before = (root / "policies/watchbill.yaml").stat()
    assert run("fmt", cwd=root).exit == 0
    after = (root / "policies/watchbill.yaml").stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_check_names_what_would_change_with_a_short_diff_and_writes_nothing(shop, run):
    many = "".join(f"---\nname: team-{number}\nkind: Team\n" for number in range(9))
    root = shop({"policies/ana.yaml": MESSY, "policies/many.yaml": many})
    ran = run("fmt", "--check", cwd=root)
    assert ran.exit == 1
    assert ran.out.startswith("policies/ana.yaml would change:\n  -name: ana   # who\n")
    assert "  +name: ana                                # who\n" in ran.out
    assert "policies/many.yaml would change:\n" in ran.out
    assert ran.out.endswith("more lines\n")
    assert len(ran.out.splitlines()) < 24
    assert ran.err == "2 of 3 files would change. Mend it with: watchbill fmt.\n"
    assert (root / "policies/ana.yaml").read_text() == MESSY
    assert run("fmt", cwd=root).exit == 0
    assert run("fmt", "--check", cwd=root).exit == 0


def test_check_says_so_when_only_the_ends_of_lines_would_change(shop, run):
    root = shop({"policies/ana.yaml": ANA.replace("\n", "\r\n")})
    assert run("fmt", "--check", cwd=root).out == "policies/ana.yaml would change:\n  (how its lines end)\n"


def test_check_shows_what_cannot_be_seen(shop, run):
    root = shop({"policies/ana.yaml": "\ufeff" + ANA})
    assert "  -\\ufeffkind: Person\n" in run("fmt", "--check", cwd=root).out


def test_check_never_shows_a_secret_that_somebody_wrote_into_a_policy(shop, run):
    root = shop(
        {"policies/a.yaml": "name: a\nkind: Team\ntickets: {webhook:   'https://tickets.example/hook/T0PS3CRET'}\n"}
    )
    ran = run("fmt", "--check", cwd=root)
    assert ran.exit == 1
    assert "T0PS3CRET" not in ran.out + ran.err
    assert "*****" in ran.out


def test_a_file_that_is_not_yaml_is_left_with_its_finding_and_the_others_are_laid_out(shop, run):
    root = shop({"policies/ana.yaml": MESSY, "policies/b.yaml": BROKEN})
    ran = run("fmt", cwd=root)
    assert ran.exit == 1
    assert "WB003" in ran.out
    assert "--> policies/b.yaml:" in ran.out
    assert ran.err == "1 of 3 files laid out anew. 1 file left as it is.\n"
    assert (root / "policies/b.yaml").read_text() == BROKEN
    assert (root / "policies/ana.yaml").read_text() == ANA


def test_only_the_files_that_are_named_are_laid_out(shop, run):
    root = shop(
        {
            "policies/ana.yaml": MESSY,
            "policies/a/b.yaml": MESSY,
            "policies/c.yaml": MESSY,
            "policies/a/.hidden.yaml": MESSY,
        }
    )
    ran = run("fmt", "policies/ana.yaml", "policies/a", cwd=root)
    assert (ran.exit, ran.out) == (0, "policies/a/b.yaml: laid out\npolicies/ana.yaml: laid out\n")
    assert (root / "policies/c.yaml").read_text() == (root / "policies/a/.hidden.yaml").read_text() == MESSY


def test_files_are_named_from_the_folder_given_with_c(shop, run, tmp_path):
    root = shop({"policies/ana.yaml": MESSY})
    assert run("fmt", "-C", root, "policies/ana.yaml", cwd=tmp_path).out == "policies/ana.yaml: laid out\n"


def test_a_file_outside_any_workspace_can_be_laid_out_by_its_name(run, tmp_path):
    (tmp_path / "ana.yaml").write_text(MESSY)
    ran = run("fmt", "ana.yaml", cwd=tmp_path)
    assert (ran.exit, ran.out) == (0, "ana.yaml: laid out\n")
    assert (tmp_path / "ana.yaml").read_text() == ANA


RULES = "groups:\n    - name: node\n      rules:\n        - {alert: NodeDown,   expr: up == 0}\n"
FOREIGN = "kind: Foreign\nname: node\nrules: rules/*.yaml\nteam: shop\n"


def test_rule_files_of_others_are_never_touched(shop, run):
    root = shop({"policies/foreign.yaml": FOREIGN, "policies/rules/node.yaml": RULES})
    assert run("fmt", cwd=root).err == "2 files read, every one as it should be.\n"
    ran = run("fmt", "policies/rules/node.yaml", cwd=root)
    assert ran.exit == 0
    assert "policies/rules/node.yaml: left as it is, a rule file of somebody else\n" in ran.err
    assert (root / "policies/rules/node.yaml").read_text() == RULES


def test_permissions_stay_and_a_link_goes_on_leading_to_where_it_led(shop, run):
    root = shop({"policies/ana.yaml": MESSY, "elsewhere/team.yaml": "name: b\nkind: Team\n"})
    (root / "policies/ana.yaml").chmod(0o640)
    (root / "policies/team.yaml").symlink_to("../elsewhere/team.yaml")
    assert run("fmt", cwd=root).exit == 0
    assert stat.S_IMODE((root / "policies/ana.yaml").stat().st_mode) == 0o640
    assert (root / "policies/team.yaml").is_symlink()
    assert (root / "elsewhere/team.yaml").read_text() == "kind: Team\nname: b\n"
    assert sorted(path.name for path in (root / "policies").iterdir()) == ["ana.yaml", "team.yaml", "watchbill.yaml"]


def test_a_file_that_cannot_be_replaced_is_a_finding_and_stays_whole(shop, run, monkeypatch):
    root = shop({"policies/ana.yaml": MESSY, "policies/b.yaml": "name: b\nkind: Team\n"})
    replaced = os.replace

    def full(source, target, **more):
        if str(target).endswith("ana.yaml"):
            raise OSError(28, "No space left on device")
        return replaced(source, target, **more)

    monkeypatch.setattr("os.replace", full)
    ran = run("fmt", cwd=root)
    assert ran.exit == 1
    assert "WB905" in ran.out
    assert "no space left on device" in ran.out
    assert "policies/b.yaml: laid out\n" in ran.out
    assert (root / "policies/ana.yaml").read_text() == MESSY
    assert sorted(path.name for path in (root / "policies").iterdir()) == ["ana.yaml", "b.yaml", "watchbill.yaml"]


def test_a_layout_that_would_change_the_meaning_is_a_bug_of_ours_and_nothing_is_written(shop, run, monkeypatch):
    root = shop({"policies/ana.yaml": MESSY})
    monkeypatch.setattr(
        "watchbill.cli.fmt.layout", lambda documents: "kind: Person\nname: somebody-else\n" * bool(documents)
    )
    ran = run("fmt", cwd=root)
    assert ran.exit == 70
    assert "WB999" in ran.err
    assert (root / "policies/ana.yaml").read_text() == MESSY


USAGE = {
    "no workspace and no file": ([], "no policies/watchbill.yaml here or above"),
    "a file that is not there": (["gone.yaml"], "there is no gone.yaml"),
    "one file to upgrade": (["--upgrade", "a.yaml"], "--upgrade migrates the whole workspace"),
}


@pytest.mark.parametrize("arguments, message", USAGE.values(), ids=USAGE)
def test_what_cannot_be_meant_is_a_usage_error(arguments, message, run, tmp_path):
    ran = run("fmt", *arguments, cwd=tmp_path)
    assert ran.exit == 64
    assert message in ran.err


# --fix


PERSON = "kind: Person\nname: ana\nemail: ana@shop.example\n"
MENDED = {
    "a byte-order mark": ("\ufeff" + PERSON, PERSON, "1:1: WB008 byte-order-mark: the byte-order mark is gone"),
    "carriage returns": (PERSON.replace("\n", "\r\n"), PERSON, "1:13: WB008 byte-order-mark: lines end in LF now"),
    "a word that YAML 1.1 reads as true": (PERSON + "slack: yes\n", PERSON + 'slack: "yes"\n', "4:8: WB007 ambiguous-scalar: `yes` is in quotes now"),
    "a key given twice with the same value": (PERSON + "away: []\naway: []\n", PERSON + "away: []\n", "5:1: WB004 duplicate-key: the second `away`, the same as the first, is gone"),
    "two letters of a key swapped": (PERSON.replace("email", "emial"), PERSON, "3:1: WB101 unknown-key: `emial` is now `email`"),
    "a letter of a key missing": (PERSON + "timzone: UTC\n", "kind: Person\nname: ana\ntimezone: UTC\nemail: ana@shop.example\n", "4:1: WB101 unknown-key: `timzone` is now `timezone`"),
    "a key in another case": (PERSON + "Skills: []\n", PERSON + "skills: []\n", "4:1: WB101 unknown-key: `Skills` is now `skills`"),
    "a kind with a slip": (PERSON.replace("Person", "Persn"), PERSON, "1:7: WB106 unknown-kind: kind `Persn` is now `Person`"),
    "one word where a list belongs": (PERSON + "skills: kafka\n", PERSON + "skills: [kafka]\n", "4:9: WB102 wrong-type: `kafka` is now a list of one"),
    "a truth value of YAML 1.1": ("kind: Message\nname: m\naudience: customers\napprove: yes\nbody: b\n", "kind: Message\nname: m\naudience: customers\napprove: true\nbody: b\n", "4:10: WB103 bad-value: `yes` is now `true`"),
    "a word of a list with a slip": ("kind: Message\nname: m\naudience: custommers\nbody: b\n", "kind: Message\nname: m\naudience: customers\nbody: b\n", "3:11: WB103 bad-value: `custommers` is now `customers`"),
    "a number in quotes": ("kind: Service\nname: s\ntier: '1'\n", "kind: Service\nname: s\ntier: 1\n", "3:7: WB103 bad-value: `1` is without quotes now"),
}  # fmt: skip


@pytest.mark.parametrize("before, after, said", MENDED.values(), ids=MENDED)
def test_fix_mends_what_has_one_right_answer_and_says_what_it_did(before, after, said, shop, run):
    root = shop({"policies/a.yaml": before})
    ran = run("fmt", "--fix", cwd=root)
    assert (ran.exit, ran.out) == (0, f"policies/a.yaml:{said}\npolicies/a.yaml: laid out\n")
    assert (root / "policies/a.yaml").read_text() == after
    assert run("fmt", "--fix", cwd=root).err == "2 files read, every one as it should be.\n"


UNTOUCHED = {
    "a reference that does not exist: it decides who is paged": "kind: Service\nname: s\ndepends_on: [wep]\n",
    "a key that could be either of two": "kind: Escalation\nname: e\nsteps:\n- {notify: [{on_call: primary}], wait: 5m}\nstep: []\n",
    "a key that is given already": PERSON + "emial: bo@shop.example\n",
    "a key of three letters": "kind: Schedule\nname: s\nlayers: []\ngap: []\n",
    "a key given twice with two values": PERSON + "slack: a\nslack: b\n",
    "a second key with a comment": PERSON + f"away: []\n{'away: []':<41}# which?\n",
    "a name with a number in it": "kind: Calendar\nname: c\nweekly: {}\nclosed1: []\n",
    "several words where a list belongs": PERSON + "skills: payments, kafka\n",
    "a word far from every known one": "kind: Message\nname: m\naudience: everybody\nbody: b\n",
    "a duration in words": "kind: Diagnostic\nname: d\ncollect: []\ntimeout: 5 mins\n",
}  # fmt: skip


@pytest.mark.parametrize("text", UNTOUCHED.values(), ids=UNTOUCHED)
def test_fix_leaves_what_a_person_must_decide(text, shop, run):
    root = shop({"policies/a.yaml": text})
    ran = run("fmt", "--fix", cwd=root)
    assert (ran.exit, ran.out) == (0, "")
    assert (root / "policies/a.yaml").read_text() == text


def test_fix_and_check_together_write_nothing_and_say_what_would_be_mended(shop, run):
    root = shop({"policies/a.yaml": PERSON.replace("email", "emial")})
    ran = run("fmt", "--fix", "--check", cwd=root)
    assert ran.exit == 1
    assert ran.out == (
        "policies/a.yaml would change:\n  -emial: ana@shop.example\n  +email: ana@shop.example\n"
        "  3:1: WB101 unknown-key: `emial` is now `email`\n"
    )
    assert ran.err == "1 of 2 files would change. Mend it with: watchbill fmt --fix.\n"


def test_without_fix_no_key_is_renamed_and_no_value_replaced(shop, run):
    root = shop({"policies/a.yaml": PERSON.replace("email", "emial") + "skills: kafka\n"})
    assert run("fmt", cwd=root).exit == 0
    assert (root / "policies/a.yaml").read_text() == PERSON.replace("email", "emial") + "skills: kafka\n"


# --upgrade


def renamed(document: Document) -> list[str]:
    """In version 0 an on-call role was called a rota."""
    entry = document.root.get("rota")
    if entry is None or entry.key is None:
        return []
    entry.key.value = entry.key.raw = "on_call"
    assert isinstance(entry.value, Collection)
    return ["`rota` is now `on_call`"]


@pytest.fixture
def versions(monkeypatch):
    """A language with two versions before this one."""
    steps = (Migration("watchbill/v0", "watchbill/v1", renamed), Migration("watchbill/a", "watchbill/v0", lambda _: []))
    monkeypatch.setattr(upgrade, "MIGRATIONS", steps)


def old(root, version):
    path = root / "policies/watchbill.yaml"
    text = path.read_text().replace("watchbill/v1", f"{version}   # the first")
    path.write_text(text.replace("on_call: {primary: always-me}", "# of the shop\nrota: {primary: always-me}"))
    return path


def test_the_newest_version_has_nothing_to_upgrade(shop, run):
    root = shop({"policies/ana.yaml": MESSY})
    ran = run("fmt", "--upgrade", cwd=root)
    assert (ran.exit, ran.out) == (0, "")
    assert ran.err == "watchbill/v1 is the newest version of the language: nothing to upgrade.\n"
    assert (root / "policies/ana.yaml").read_text() == MESSY


@pytest.mark.parametrize("version", ["watchbill/v0", "watchbill/a"])
@pytest.mark.usefixtures("versions")
def test_an_old_workspace_is_taken_to_the_newest_version_with_its_comments(version, shop, run):
    root = shop({"policies/ana.yaml": MESSY})
    tidy = (root / "policies/watchbill.yaml").read_text()
    path = old(root, version)
    ran = run("fmt", "--upgrade", cwd=root)
    assert ran.exit == 0
    assert "policies/watchbill.yaml: `rota` is now `on_call`\n" in ran.out
    assert "policies/watchbill.yaml: apiVersion is now watchbill/v1\n" in ran.out
    first = f"{'apiVersion: watchbill/v1':<41}# the first"
    assert path.read_text() == tidy.replace("apiVersion: watchbill/v1", first).replace(
        "on_call: {", "# of the shop\non_call: {"
    )
    assert (root / "policies/ana.yaml").read_text() == ANA
    assert run("check", cwd=root).exit == 0


@pytest.mark.usefixtures("versions")
def test_upgrade_and_check_together_write_nothing(shop, run):
    root = shop()
    path = old(root, "watchbill/v0")
    before = path.read_text()
    ran = run("fmt", "--upgrade", "--check", cwd=root)
    assert ran.exit == 1
    assert "  apiVersion is now watchbill/v1\n" in ran.out
    assert path.read_text() == before


@pytest.mark.usefixtures("versions")
def test_a_workspace_with_a_broken_file_is_not_migrated_by_half(shop, run):
    root = shop({"policies/b.yaml": BROKEN})
    path = old(root, "watchbill/v0")
    before = path.read_text()
    ran = run("fmt", "--upgrade", cwd=root)
    assert ran.exit == 1
    assert ran.err == "Nothing was upgraded: some files are not YAML.\n"
    assert path.read_text() == before


@pytest.mark.parametrize(
    "version, reason",
    [
        ("watchbill/v9", "there is no way from `watchbill/v9` to watchbill/v1"),
        ("", "no Workspace names its apiVersion"),
    ],
)
@pytest.mark.usefixtures("versions")
def test_a_version_that_nobody_knows_cannot_be_upgraded(version, reason, shop, run):
    root = shop()
    old(root, version)
    ran = run("fmt", "--upgrade", cwd=root)
    assert (ran.exit, ran.err) == (1, f"Nothing was upgraded: {reason}.\n")
