"""Handlers for the measuring processes: they answer, refuse, fail and end."""

import os
import sys
from typing import Any


def answer(event: Any, context: Any) -> dict[str, Any]:
    sys.stdout.write("a line of log\n")
    return {"statusCode": 200, "body": event["body"]}


def refuse(event: Any, context: Any) -> dict[str, Any]:
    return {"statusCode": 400, "body": "not like this"}


def fail(event: Any, context: Any) -> dict[str, Any]:
    raise ValueError("nothing to see")


def end(event: Any, context: Any) -> dict[str, Any]:
    os._exit(7)
