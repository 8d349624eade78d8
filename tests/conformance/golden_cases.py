"""The golden cases: requests, and what the servers that the dialects come from answer to them.

A case has a `section`, a `name`, the request (`method`, `path`, `headers`, and `body` as text or `base64`), and of the
answer its `status` and some of:

- `text`: the body, byte for byte; `json`: the document; `begins`, `ends`: how the body, or its error, begins or ends;
- `error`, `begins_error`: the message; `has`: the names of the document's members;
- `binary`: the bytes after the JSON of a binary answer, as base64.

`differs` says why this project answers otherwise than those servers; the rest of the case is then its own answer.
"""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.identical.exchange import Answer, Ask

Case = Mapping[str, Any]

DIALECTS = ("tensorflow_serving", "open_inference")


def cases(dialect: str) -> list[Case]:
    """The cases of a dialect, in the order of its specification."""
    return json.loads((Path(__file__).parent / "golden" / f"{dialect}.json").read_text())


def name_of(case: Case) -> str:
    return f"{case['section']}: {case['name']}"


def ask_of(case: Case) -> Ask:
    """The request, without a content type unless the case has one: many clients send none."""
    body = case["body"].encode() if "body" in case else base64.b64decode(case["base64"]) if "base64" in case else None
    return Ask(method=case["method"], path=case["path"], body=body, headers=case.get("headers", {}))


def faults(case: Case, answer: Answer) -> list[str]:
    """How an answer is not what the case demands."""
    body, headers = answer.body, dict(answer.headers)
    if answer.status != case["status"]:
        return [f"status {answer.status}, not {case['status']}: {body[:200]!r}"]
    found: list[tuple[str, Any]] = []
    if "text" in case:
        found.append(("text", body.decode()))
    if "json" in case:
        found.append(("json", json.loads(body)))
    if "begins" in case and not body.decode().startswith(case["begins"]):
        found.append(("begins", body.decode()))
    if "has" in case:
        found.append(("has", [*json.loads(body)]))
    if "binary" in case:
        length = int(headers.get("inference-header-content-length", len(body)))
        found.append(("binary", base64.b64encode(body[length:]).decode()))
    if {"error", "begins_error", "ends"} & case.keys():
        found += _of_error(case, json.loads(body)["error"])
    return [f"{key} {value!r}, not {case[key]!r}" for key, value in found if value != case[key]]


def _of_error(case: Case, error: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if "error" in case:
        found.append(("error", error))
    if "begins_error" in case and not error.startswith(case["begins_error"]):
        found.append(("begins_error", error))
    if "ends" in case and not error.endswith(case["ends"]):
        found.append(("ends", error))
    return found
