"""The few words of Kubernetes' API that the actions use, over plain REST.

Paths, content types and fields are those of https://kubernetes.io/docs/reference/kubernetes-api/; names are what
https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ allows, so that a value is one segment of a path.
"""

from typing import Annotated, Any
from urllib.parse import quote, urlencode

import msgspec

from watchbill.executor.action import Run, Unfit
from watchbill.executor.connections import NoSecret
from watchbill.executor.outgoing import Answer, Call, NoAnswer, send

_PART = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
Label = Annotated[str, msgspec.Meta(pattern=rf"\A{_PART}\Z")]  # RFC 1123: a namespace
Subdomain = Annotated[str, msgspec.Meta(pattern=rf"\A{_PART}(\.{_PART})*\Z", max_length=253)]  # a Deployment, a Node
LabelValue = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z")]
Connection = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")]

STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
PLAIN = "application/json"
MANAGER = "watchbill"
_SECONDS = 20.0
_BOUND = 8 * 1024 * 1024


class Deployment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a Deployment is: what several actions take."""

    cluster: Connection
    namespace: Label
    deployment: Subdomain

    @property
    def path(self) -> str:
        return segments("apis", "apps", "v1", "namespaces", self.namespace, "deployments", self.deployment)


def touched(parameters: Any) -> str:
    return f"the Deployment {parameters.namespace}/{parameters.deployment} of {parameters.cluster}"


def segments(*parts: str) -> str:
    return "".join(f"/{quote(part, safe='')}" for part in parts)


class Cluster:
    """One cluster, for one run. What it raises says whether anything may have been touched."""

    def __init__(self, run: Run, name: str) -> None:
        connection = run.connections.kubernetes.get(name)
        if connection is None:
            raise Unfit(f"this executor has no connection kubernetes.{name}")
        try:
            self._address, self._token, self._ca = connection.address(), connection.bearer(), connection.authority()
        except NoSecret as error:
            raise Unfit(f"kubernetes.{name}: {error}") from None
        self._run = run

    def read(self, path: str, **query: str) -> dict[str, Any] | None:
        """An object or a list, None when there is none. Raises Unfit: reading touches nothing."""
        try:
            answer = self._send("GET", path, query, repeat=True)
        except NoAnswer as error:
            raise Unfit(f"the API server gave no answer: {error}") from None
        if answer.status == 404:
            return None
        if answer.status != 200 or not answer.whole:
            raise Unfit(self.told(answer))
        try:
            found: dict[str, Any] = msgspec.json.decode(answer.body, type=dict)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Unfit("the API server's answer is not JSON") from None
        return found

    def need(self, path: str, what: str) -> dict[str, Any]:
        found = self.read(path)
        if found is None:
            raise Unfit(f"{what} is not there")
        return found

    def change(
        self, method: str, path: str, body: Any, content_type: str = PLAIN, *, repeat: bool, manager: bool = True
    ) -> Answer:
        """Raises NoAnswer."""
        query = {"fieldManager": MANAGER} if manager else {}
        return self._send(method, path, query, body, content_type, repeat=repeat)

    def told(self, answer: Answer) -> str:
        """What an answer says, in the API server's words where it has any (meta/v1 Status)."""
        try:
            said = msgspec.json.decode(answer.body, type=dict).get("message")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            said = None
        return self._run.told(f"the API server answers {answer.status}: {said or 'without a reason'}")

    def _send(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        body: Any = None,
        content_type: str = PLAIN,
        *,
        repeat: bool,
    ) -> Answer:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = content_type
        asked = f"?{urlencode(query)}" if query else ""
        return send(
            Call(
                method=method,
                url=f"{self._address}{path}{asked}",
                headers=headers,
                content=None if body is None else msgspec.json.encode(body),
                ca=self._ca,
                repeat=repeat,
                seconds=_SECONDS,
                bound=_BOUND,
            )
        )


def at(value: Any, *keys: str) -> Any:
    """What lies there in a document of somebody else's, or None."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
