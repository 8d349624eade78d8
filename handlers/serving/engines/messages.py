"""What engines say about errors: without places in graphs, and for callers also without the engine's code."""

import re

_READ_CHARACTERS = 2048
"""How much of a message is read: an engine may repeat all of an input in it."""

_SHOWN_CHARACTERS = 200

_UNKNOWN = "their values or shapes do not fit together."

_PLACES = re.compile(
    r"\{\{[^{}]*\}\} ?|\[\[[^\[\]]*\]\]|Node number \d+ \([^()]*\) failed to \w+\.?| ?\[Op:\w+\]| \([\w/.]+:\d+\)"
)
"""Names and numbers of the nodes and tensors of a graph."""

_SEVERAL = re.compile(r"\d+ root error\(s\) found\.\s*\(0\) \w+: ")
"""What TensorFlow writes before the first of several errors."""

_CODE = re.compile(r"\.(?:cc|h):\d+|\b(?:ONNXRuntimeError|XNNPack|delegate|tflite|Retval)\b|was not true|::|->|&&")
"""What only a message about the engine's own code has."""


def plain(message: str) -> str:
    """The first line of a message that says more than where in the graph the error was raised."""
    text = _PLACES.sub("", _SEVERAL.sub("", message[:_READ_CHARACTERS], count=1))
    return next(filter(None, map(str.strip, text.splitlines())), "")


def reason_of(message: str) -> str:
    """Why a model refuses inputs: the end of a sentence, for the caller."""
    text = plain(message)
    if not text or _CODE.search(text):
        return _UNKNOWN
    text = re.sub(r"\.\s+(?=[A-Z])", "; ", text).rstrip(". ")
    return f"{text[:_SHOWN_CHARACTERS]}…" if len(text) > _SHOWN_CHARACTERS else f"{text}."
