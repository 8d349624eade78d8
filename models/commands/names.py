"""Names that a person gives on the command line."""

import argparse
import re

LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,62}")


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
