"""Answers what the event asks for: bytes, numbers of every kind, what is no JSON, its context, a line of the log."""

import decimal
import logging
import sys


def handler(event, context):
    match event:
        case "bytes":
            return b"\x00\xff not JSON"
        case "text":
            return {"text": "ä\u2028\ud83d\ude00", 1: None, "tuple": (1, 2)}
        case "numbers":
            return [1e300, -0.0, 2**70, float("nan"), float("inf"), decimal.Decimal("1.25"), decimal.Decimal("NaN")]
        case "no JSON":
            return {"a": {1, 2}}
        case "circle":
            circle = []
            circle.append(circle)
            return circle
        case "context":
            return {name: repr(value) for name, value in sorted(vars(context).items()) if not name.startswith("_")}
        case "log":
            logging.getLogger("house").warning("the paint is %s\nand blue", "wet")
            logging.getLogger().info("not said")
            print("to both", file=sys.stderr)  # noqa: T201 it is the log that is tested
        case "exit":
            sys.exit(4)
        case "cause":
            try:
                {}["absent"]
            except KeyError as error:
                raise LookupError from error
        case {"instances": instances}:
            return {"predictions": instances}
    return None
