"""Finds a request in a stack's logs by any id that its caller knows, and tells all that the logs say of it."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from ops.deployed import Deployed

OTHER_IDS = ("requestId", "apiRequestId", "functionRequestId")
"""Members of a line that name the same request elsewhere: the invocation's id, and API Gateway's."""


@dataclass(frozen=True, order=True)
class Line:
    """A line of a log."""

    unix_ms: int
    group: str
    text: str

    @property
    def document(self) -> dict[str, Any]:
        """The line's JSON object; empty if it is none."""
        try:
            document = json.loads(self.text)
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}


def log_groups(stack: Deployed) -> list[str]:
    """The log groups of a stack's functions, and of its API's access log."""
    functions, names = stack.client("lambda"), sorted(set(stack.outputs["functionNames"].values()))
    own = [functions.get_function_configuration(FunctionName=name)["LoggingConfig"]["LogGroup"] for name in names]
    access = stack.outputs.get("accessLog")
    return [str(access), *own] if access else own


def find(stack: Deployed, wanted: str, seconds: float) -> list[Line]:
    """The lines about a request of the last so many seconds, in the order of time.

    First those that hold the id; then all that hold an id which these name.
    """
    client, groups = stack.client("logs"), log_groups(stack)
    since = int((time.time() - seconds) * 1e3)
    found: set[Line] = set()
    seen, ids = set[str](), [wanted]
    while ids:
        seen.add(sought := ids.pop())
        for line in _lines(client, groups, sought, since):
            found.add(line)
            others = {str(line.document[key]) for key in OTHER_IDS if line.document.get(key) not in (None, "", "-")}
            ids += sorted(others - seen - set(ids))
    return sorted(found)


def _lines(client: Any, groups: Sequence[str], sought: str, since: int) -> Iterator[Line]:
    pattern = '"' + sought.replace("\\", "\\\\").replace('"', '\\"') + '"'
    for group in groups:
        pages = client.get_paginator("filter_log_events").paginate(
            logGroupName=group, filterPattern=pattern, startTime=since
        )
        try:
            for page in pages:
                for event in page["events"]:
                    yield Line(event["timestamp"], group, event["message"].rstrip("\n"))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
                raise
