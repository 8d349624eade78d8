"""Names that a person gives on the command line."""

import argparse
import re

LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,62}")

SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def label_name(text: str) -> str:
    """A label. Raises ArgumentTypeError."""
    if not LABEL.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no label; allowed are up to 63 letters, digits, '-', '_' and '.', a letter first"
        )
    return text


def version_or_label(text: str) -> int | str:
    """A version's number, or a label. Raises ArgumentTypeError."""
    return int(text) if text.isascii() and text.isdecimal() and int(text) > 0 else label_name(text)


def version_or_weight(text: str) -> int | tuple[str, int]:
    """A version's number, or a label and its weight such as `canary=10`. Raises ArgumentTypeError."""
    label, equals, weight = text.partition("=")
    number = weight if equals else label
    if not (number.isascii() and number.isdecimal() and int(number) >= (0 if equals else 1)):
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a version's number nor a label with a weight, such as canary=10"
        )
    return (label_name(label), int(weight)) if equals else int(number)


def duration(text: str) -> float:
    """A time in seconds, from a text such as `90s`, `15m` or `1h`. Raises ArgumentTypeError."""
    number, unit = text[:-1], text[-1:]
    if not (number.isascii() and number.isdecimal() and int(number) > 0 and unit in SECONDS):
        raise argparse.ArgumentTypeError(f"{text!r} is no time; allowed are such as 90s, 15m or 1h")
    return int(number) * SECONDS[unit]
