"""The API in its own words, OpenAPI 3.1: what /openapi.json answers."""

from typing import Any

from watchbill.executor.web.webhook import ANNOTATION, BODY, LABEL, MANY, NAME

_TEXT = {
    "application/json": {
        "schema": {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}}
    }
}
_INSTANT = {"type": "string", "format": "date-time"}


def document(version: str, environment: str) -> dict[str, Any]:
    """Of an executor that serves one environment."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Watchbill's executor", "version": version},
        "paths": {
            "/v1/alertmanager/{environment}": {"post": _deliver(environment)},
            "/healthz": {"get": _probe("The process answers.", {"200": "It does."})},
            "/readyz": {"get": _probe("It can take webhooks in.", {"200": "It can.", "503": "Why not."})},
            "/metrics": {
                "get": {
                    "summary": "For Prometheus.",
                    "operationId": "metrics",
                    "responses": {"200": {"description": "Metrics.", "content": {"text/plain": {}}}},
                }
            },
            "/openapi.json": {"get": _probe("This document.", {"200": "OpenAPI 3.1."}, {"application/json": {}})},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Webhook": _webhook(), "Alert": _alert()},
        },
    }


def _deliver(environment: str) -> dict[str, Any]:
    answers = {
        "200": "Committed: it is in the log.",
        "400": "Not a webhook, or of another environment. It was stored.",
        "401": "No token, or one that is not good here.",
        "413": f"More than {BODY} bytes. Nothing was stored.",
        "503": "It could not be committed: send it again.",
    }
    return {
        "summary": "One webhook of Alertmanager.",
        "operationId": "deliver",
        "security": [{"token": []}],
        "parameters": [{"name": "environment", "in": "path", "required": True, "schema": {"const": environment}}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Webhook"}}},
        },
        "responses": {code: {"description": said, "content": _TEXT} for code, said in answers.items()},
    }


def _webhook() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["version", "alerts"],
        "properties": {
            "version": {"const": "4"},
            "receiver": {"type": "string"},
            "truncatedAlerts": {"type": "integer"},
            "alerts": {"type": "array", "items": {"$ref": "#/components/schemas/Alert"}},
        },
    }


def _alert() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["status", "labels", "startsAt"],
        "properties": {
            "status": {"enum": ["firing", "resolved"]},
            "labels": _pairs(LABEL),
            "annotations": _pairs(ANNOTATION),
            "startsAt": _INSTANT,
            "endsAt": {"anyOf": [_INSTANT, {"type": "null"}]},
            "fingerprint": {"type": "string"},
        },
    }


def _pairs(longest: int) -> dict[str, Any]:
    return {
        "type": "object",
        "maxProperties": MANY,
        "propertyNames": {"maxLength": NAME},
        "additionalProperties": {"type": "string", "maxLength": longest},
    }


def _probe(summary: str, answers: dict[str, str], content: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "summary": summary,
        "operationId": summary.rstrip(".").lower().replace(" ", "-").replace("'", ""),
        "responses": {code: {"description": said, "content": content or _TEXT} for code, said in answers.items()},
    }
