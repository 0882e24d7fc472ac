"""The document describes each route, and what it refers to is there."""

from __future__ import annotations

import json
import re
from typing import Any

from admin_client import call
from administered import Place

from peerbus.operate.admin import ROUTES
from peerbus.operate.admin.openapi import document


def references(value: Any) -> set[str]:
    return set(re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', json.dumps(value)))


def test_each_route_is_described_once_and_every_reference_leads_somewhere() -> None:
    described: Any = document(ROUTES)
    assert described["openapi"] == "3.1.0"
    found = {(verb.upper(), path) for path, verbs in described["paths"].items() for verb in verbs}
    assert found == {(route.verb, route.path) for route in ROUTES}
    assert references(described) <= described["components"]["schemas"].keys()
    ids = [operation["operationId"] for verbs in described["paths"].values() for operation in verbs.values()]
    assert len(ids) == len(set(ids)) == len(ROUTES)


async def test_the_document_is_served_and_answers_have_the_fields_that_it_names(place: Place) -> None:
    served = (await call(place.admin, "GET", "/openapi.json")).json
    assert served == json.loads(json.dumps(document(ROUTES)))
    for path in ("/v1/node", "/readyz", "/v1/peers", "/v1/actors", "/v1/ledger"):
        schema = served["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        (name,) = references(schema)
        fields = served["components"]["schemas"][name]["properties"]
        assert (await call(place.admin, "GET", path)).json.keys() == fields.keys()
