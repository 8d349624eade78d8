"""LogLevels: which of a function's lines Lambda hands to CloudWatch Logs.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

APPLICATION = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
"""The levels of what a function's code writes."""

SYSTEM = ("DEBUG", "INFO", "WARN")
"""The levels of what Lambda writes."""

UNSAID = "INFO"
"""The level of a line that says none, and that of a configuration that says none."""

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")

FAILED = ("Status: ", "INIT_REPORT ")
"""What Lambda's lines have that report a failure: those of a success have no status here, and an init that succeeds has
no line of its own."""


@dataclass(frozen=True, kw_only=True)
class LogLevels:
    """The levels from which on lines are handed on: all lines, if nothing is said."""

    application: str = APPLICATION[0]
    system: str = SYSTEM[0]

    @classmethod
    def of(cls, logging: Mapping[str, Any]) -> "LogLevels":
        """The levels of a `loggingConfig`. Lambda filters only where the format is JSON."""
        if logging.get("logFormat") != "JSON":
            return cls()
        return cls(
            application=logging.get("applicationLogLevel") or UNSAID, system=logging.get("systemLogLevel") or UNSAID
        )

    def admit(self, line: str) -> bool:
        """Whether a line of the function's code is handed on."""
        return APPLICATION.index(_level(line)) >= APPLICATION.index(self.application)

    def admit_of_lambda(self, line: str) -> bool:
        """Whether one of Lambda's own lines is."""
        level = "WARN" if any(part in line for part in FAILED) else "INFO"
        return SYSTEM.index(level) >= SYSTEM.index(self.system)


def _level(line: str) -> str:
    """The level that a line of JSON says. Lambda believes it only beside a time."""
    try:
        record: Any = json.loads(line) if line.startswith("{") else None
    except ValueError:
        return UNSAID
    if not isinstance(record, dict) or not RFC_3339.fullmatch(str(record.get("timestamp"))):
        return UNSAID
    level = str(record.get("level")).upper()
    return level if level in APPLICATION else UNSAID
