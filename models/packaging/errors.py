"""PackagingError, and the reasons in other libraries' errors."""

import re

NO_REASON = re.compile(
    r"|Graph execution error:|Detected at node .*|.*most recent call last\)?:|File \".*"
    r"|Exception encountered when calling .*"
)
"""Lines of TensorFlow's and Keras's errors that come before the reason."""
USER_CODE = "in user code:"
"""What TensorFlow writes above the traceback of an error inside a `tf.function`; the reason is at the end."""
RAISED = re.compile(r"^\s*(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Warning|Interrupt|Exit)?: (?=\S)", re.MULTILINE)
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class PackagingError(Exception):
    """A model cannot be packaged; the message says why in one sentence and what to do."""


class Undecided(Exception):
    """A model's own library rejects a request that its exported graph answers."""


def reason_of(error: BaseException) -> str:
    """The reason in an error: its first meaningful line, cut at 300 characters, or the name of its type.

    An error that was raised inside a `tf.function` begins with the traceback; the reason is what its last error says.
    """
    text = COLOURS.sub("", str(getattr(error, "message", None) or error))
    if USER_CODE in text:
        *_, text = RAISED.split(text)
    lines = (line.strip() for line in text.splitlines())
    return next((line for line in lines if not NO_REASON.fullmatch(line)), type(error).__name__)[:300]
