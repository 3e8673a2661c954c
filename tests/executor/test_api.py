"""The API against its own OpenAPI document, asked by schemathesis over a socket; and the document against what it describes."""

import json
import os
import subprocess
import sys
from pathlib import Path

from executor.test_intake import alert
from executor.test_intake import webhook as body_of
from executor.test_serve import Served
from watchbill.executor.web import openapi, webhook

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)


# A body that is no webhook may be refused for its length before anything else.
CONFIGURATION = '[checks]\nnegative_data_rejection.expected-statuses = ["4xx"]\n'


def test_the_api_does_what_its_document_says_whatever_is_asked(tmp_path: Path):
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    served = Served(tmp_path, f"sqlite:///{tmp_path / 's.db'}")
    try:
        argv = ["run", f"{served.address}/openapi.json", "-H", "Authorization: Bearer open-sesame"]
        bounds = ["--max-examples", "15", "--seed", "5", "--checks", ",".join(CHECKS), "--no-color"]
        done = subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", *argv, *bounds],
            cwd=tmp_path,
            env={**os.environ, "NO_PROXY": "127.0.0.1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "4 selected / 4 total" in done.stdout  # all but the document itself
        text = served.get("/metrics").text
        for code in ("200", "400", "401"):  # it was asked what is taken, what is none, and by whom nobody knows
            assert f'watchbill_deliveries_total{{code="{code}"}}' in text
        assert 'watchbill_deliveries_total{code="503"}' not in text
    finally:
        assert served.stop() == 0
    assert not served.told("not JSON")


def test_the_document_gives_the_bounds_that_the_intake_keeps():
    schema = openapi.document("0", "production")["components"]["schemas"]["Alert"]["properties"]
    labels, annotations = schema["labels"], schema["annotations"]

    def taken(**changes: object) -> bool:
        try:
            webhook.read(body_of(alert(**changes)), "production", "production", None)
        except webhook.NotAWebhook:
            return False
        return True

    most = labels["maxProperties"] - len(alert()["labels"])
    for number in (0, 1):
        assert taken(labels={f"l{n}": "" for n in range(most + number)}) == (number == 0)
        assert taken(labels={"x": "x" * (labels["additionalProperties"]["maxLength"] + number)}) == (number == 0)
        assert taken(labels={"x" * (labels["propertyNames"]["maxLength"] + number): ""}) == (number == 0)
        longest = annotations["additionalProperties"]["maxLength"] + number
        assert taken(annotations={"x": "x" * longest}) == (number == 0)
    json.dumps(schema)
