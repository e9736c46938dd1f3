"""ASGI middleware that answers `/api/…`, read-only; who asks is found anew for each request. Everything else goes on to the pages."""

import asyncio
import json
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from streamlit.web.server.starlette import starlette_websocket
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from dashboards import request_identity, signin
from dashboards.api import openapi
from dashboards.api.endpoints import ENDPOINTS, Endpoint
from dashboards.api.query import Query, Refused
from dashboards.front.middleware import Application, Receive, Scope, Send, below_root
from pipelines import months, settings
from pipelines.access import audit_log, roles
from pipelines.access.roles import ANYBODY, Access, Actor
from pipelines.errors import Refusal

# questions answered at a time: pages come first
AT_A_TIME = 2
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


class Api:
    """Wraps the application behind it."""

    def __init__(self, app: Application) -> None:
        self.app, self.turns = app, asyncio.Semaphore(AT_A_TIME)
        # person and day of whom the audit log has
        self.noted: set[tuple[str, date]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = below_root(scope) if scope["type"] == "http" else ""
        if path != "api" and not path.startswith("api/"):
            return await self.app(scope, receive, send)
        async with self.turns:
            status, answer = await asyncio.to_thread(
                self._answered, Request(scope), path.removeprefix("api").strip("/")
            )
        body = json.dumps(answer, ensure_ascii=False).encode()
        response = Response(body, status, _HEADERS, media_type="application/json")
        return await response(scope, receive, send)

    def _answered(self, request: Request, name: str) -> tuple[int, Any]:
        """HTTP status and what is sent as JSON."""
        try:
            return 200, self._answer(request, name)
        except Refused as refused:
            return refused.status, {"detail": str(refused)}
        except Refusal as refusal:
            return 400, {"detail": str(refusal)}

    def _answer(self, request: Request, name: str) -> Any:
        if not starlette_websocket.is_host_allowed(request.headers.get("host")):
            raise Refused(400, "本服务器不以这个名称应答")
        if name not in (openapi.PATH, *ENDPOINTS):
            raise Refused(404, f"没有这个地址；可用：{'、'.join(f'/api/{known}' for known in ENDPOINTS)}")
        if request.method not in ("GET", "HEAD"):
            raise Refused(405, "这里只可读取（GET）")
        person = self._person(request)
        if name == openapi.PATH:
            return openapi.document()
        endpoint = ENDPOINTS[name]
        return endpoint.answer(Query(person, settings.load(), _values(request, endpoint)))

    def _person(self, request: Request) -> Actor:
        """The person; the first request of a day is audited as a sign-in. Errors: `Refused` as on the pages."""
        place = settings.load()
        try:
            rules = roles.load(place)
        except Refusal as refusal:
            raise Refused(403, "名单 access.yaml 有误，暂时谁也不能进入") from refusal
        claims = _claims(request) if rules.mode == "oidc" else {}
        person, why = request_identity.who(rules, request_identity.sender(request.scope, claims))
        if person is None:
            raise Refused(401, why)
        if rules.mode == "oidc" and signin.is_idle(rules, person.identity, claims.get("iat"), used=False):
            raise Refused(401, "登录已过期，请重新登录。")
        self._note(rules, person)
        return person

    def _note(self, rules: Access, person: Actor) -> None:
        today = (person.identity, months.today())
        if rules.mode != "local" and person is not ANYBODY and today not in self.noted:
            self.noted.add(today)
            audit_log.note(
                settings.load(), "sign_in", person.name, identity=person.identity, role=person.role, through="api"
            )


def _claims(request: Request) -> Mapping[str, Any]:
    """The claims of Streamlit's signed cookie; empty where there is none, or it was made for another address."""
    cookie = starlette_websocket._get_signed_cookie_with_chunks(request.cookies, USER_COOKIE_NAME)
    claims = json.loads(cookie) if cookie else {}
    return claims if urlsplit(claims.get("origin", "")).netloc == request.headers.get("host") else {}


def _values(request: Request, endpoint: Endpoint) -> dict[str, str]:
    """The parameters that were given. Errors: `Refused` for an unknown, repeated or missing one, or a value that is none of its own."""
    given = request.query_params.multi_items()
    for name, value in given:
        if name not in endpoint.parameters:
            known = "、".join(endpoint.parameters) or "无"
            raise Refused(400, f"没有参数 {name}；可用：{known}")
        choices = endpoint.parameters[name].schema.get("enum")
        if choices and value not in choices:
            raise Refused(400, f"{name} 没有“{value}”；可用：{'、'.join(choices)}")
    values = dict(given)
    if len(values) < len(given):
        raise Refused(400, "同一个参数写了两次")
    missing = [name for name, parameter in endpoint.parameters.items() if parameter.required and name not in values]
    if missing:
        raise Refused(400, f"请写明 {'、'.join(missing)}")
    return values
