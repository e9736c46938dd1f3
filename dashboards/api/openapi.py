"""The OpenAPI 3.1 document of `/api`, made from its paths and the types of its rows."""

from functools import cache
from typing import Any

from pydantic import TypeAdapter

from dashboards.api.endpoints import ENDPOINTS, Endpoint, Parameter
from pipelines import __version__

PATH = "openapi.json"
_REF = "#/components/schemas/{model}"
# HTTP status → when it is given
_REFUSALS = {
    "400": "参数有误：说明哪一个、应如何写",
    "401": "没有登录，或登录已过期",
    "403": "职责不含这项内容，或名单有误",
    "404": "没有这个地址或发布版",
}


@cache
def document() -> dict[str, Any]:
    """The whole document; the same for every person."""
    schemas: dict[str, Any] = {
        "Refusal": {"type": "object", "required": ["detail"], "properties": {"detail": {"type": "string"}}}
    }
    paths = {f"/api/{name}": {"get": _operation(name, endpoint, schemas)} for name, endpoint in ENDPOINTS.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "城乡社区治理进展：只读接口",
            "version": __version__,
            "description": "与看板各页相同的数字，只读。登录、职责与看板一致；每次发布为一版，数字不再变动。",
        },
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _operation(name: str, endpoint: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    """One path; the schemas of its rows are added to `schemas`."""
    row = TypeAdapter(endpoint.row).json_schema(ref_template=_REF)
    schemas |= row.pop("$defs", {}) | {endpoint.row.__name__: row}
    schema = {"type": "array", "items": {"$ref": _REF.format(model=endpoint.row.__name__)}}
    refusal = {"application/json": {"schema": {"$ref": _REF.format(model="Refusal")}}}
    return {
        "operationId": name,
        "summary": endpoint.about,
        "parameters": [_parameter(*each) for each in endpoint.parameters.items()],
        "responses": {
            "200": {"description": "数组，一项一行", "content": {"application/json": {"schema": schema}}},
            **{status: {"description": why, "content": refusal} for status, why in _REFUSALS.items()},
        },
    }


def _parameter(name: str, parameter: Parameter) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.about,
        "schema": dict(parameter.schema),
        "example": parameter.example,
    }
