"""PackagingError, and the reasons in other libraries' errors."""

import re

NO_REASON = re.compile(r"|Graph execution error:|Detected at node .*|.*most recent call last\)?:|File \".*")
"""Lines of TensorFlow's errors that come before the reason."""


class PackagingError(Exception):
    """A model cannot be packaged; the message says why in one sentence and what to do."""


def reason_of(error: BaseException) -> str:
    """The reason in an error: its first meaningful line, cut at 300 characters, or the name of its type."""
    lines = (line.strip() for line in str(getattr(error, "message", None) or error).splitlines())
    return next((line for line in lines if not NO_REASON.fullmatch(line)), type(error).__name__)[:300]
