"""Links into our own runbooks: what is a page of ours and what is not."""

import pytest

SITE = "https://runbooks.shop.example/site"
RUNBOOK = "kind: Runbook\nname: web-down\nimmediate: ['Then look at ⟦{}⟧']\n"


def shop(small: str, text: str) -> dict[str, str]:
    whole = small.replace("name: shop\n", f"name: shop\nrunbooks: {{base_url: {SITE}/}}\n", 1)
    whole = whole.replace('{url: "https://wiki.shop.example/web"}', "web-down")
    return {"policies/watchbill.yaml": whole, "policies/case.yaml": text}


DEAD = {
    f"{SITE}/runbooks/web-dwon/": "did you mean `runbooks/web-down`?",
    f"{SITE}/runbooks/web-dwon": "did you mean `runbooks/web-down`?",
    f"{SITE}/runbooks/web-dwon.md": "did you mean `runbooks/web-down`?",
    f"{SITE}/services/shop/wbe/": "did you mean `services/shop/web`?",
    f"{SITE}/services/other/web/": "did you mean `services/shop/web`?",
    f"{SITE}/services/shop/web/#web.WebDwon": "did you mean `#web.WebDown`?",
    f"{SITE}/services/shop/web/#escalation-level-9": "mend the link",
    f"{SITE}/runbooks/web-down/#message-customers": "mend the link",
}


@pytest.mark.parametrize("link, advice", DEAD.items(), ids=DEAD)
def test_a_link_to_a_page_or_an_alert_that_is_not_there_is_found(link, advice, small, workspace, findings, marked):
    text, place = marked(RUNBOOK.format(link))
    (found,) = findings(workspace(shop(small, text)))
    assert (found.code, found.level, found.file, found.place) == ("WB608", "warning", "policies/case.yaml", place)
    assert advice in found.help


@pytest.mark.parametrize(
    "link",
    [
        SITE,
        f"{SITE}/",
        f"{SITE}/runbooks/web-down/",
        f"{SITE}/runbooks/web-down.html#the-alerts",
        f"{SITE}/runbooks/web-down/index.html",
        f"{SITE}/services/shop/web/#web.WebDown",
        f"{SITE}/services/shop/web/#alerts-in-full",
        f"{SITE}/services/shop/web/#escalation-default",
        f"{SITE}/handbook/on-call/",
        "https://runbooks.shop.example/site2/runbooks/else/",
        "https://wiki.shop.example/runbooks/else/",
    ],
)
def test_a_link_that_leads_somewhere_or_to_others_is_left_alone(link, small, workspace, findings):
    text, _ = RUNBOOK.replace("⟦", "").replace("⟧", "").format(link), None
    assert findings(workspace(shop(small, text))) == []


def test_links_are_looked_for_wherever_somebody_writes_a_text(small, workspace, findings):
    dead = f"{SITE}/runbooks/nothing/"
    book = f"kind: Runbook\nname: web-down\nimmediate: [x]\ninvestigate: ['see {dead}.']\nescalate_when: ['see ({dead})']\n"
    message = f"---\nkind: Message\nname: m\naudience: incident\nbody: 'see {dead}'\n"
    service = (
        "---\nkind: Service\nname: api\nteam: shop\nalerts:\n- name: ApiDown\n  severity: critical\n  expr: up{job='api'} == 0\n  for: 1m\n"
        f"  summary: 'down, see {dead}'\n  description: '{dead}'\n  annotations: {{more: '{dead}'}}\n"
        f"  runbook: {{url: '{dead}'}}\n"
    )
    found = findings(workspace(shop(small, book + message + service)))
    assert {one.text for one in found} == {dead}
    assert [one.code for one in found] == ["WB608"] * 7
