"""Why a model could not be packaged."""

import re

NO_REASON = re.compile(r"|Graph execution error:|Detected at node .*|.*most recent call last\)?:|File \".*")
"""Lines that TensorFlow writes above the one that says what is wrong."""


class PackagingError(Exception):
    """A model cannot be packaged; the message says why in one sentence and what to do."""


def reason_of(error: BaseException) -> str:
    """The first line of an error that says something, of at most 300 characters; its type where none does."""
    lines = (line.strip() for line in str(getattr(error, "message", None) or error).splitlines())
    return next((line for line in lines if not NO_REASON.fullmatch(line)), type(error).__name__)[:300]
