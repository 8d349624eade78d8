"""Alarms of ministack that are evaluated after they were changed.

CloudWatch evaluates an alarm once a minute. Until then one that was changed keeps the state that it had. Here nothing
is measured, so it does not ring afterwards.
"""

import time
from typing import Any

from ministack.core.responses import AccountRegionScopedDict

EVALUATION_SECONDS = 3
"""How long a changed alarm keeps its state. AWS evaluates once a minute."""


class Alarms(AccountRegionScopedDict):
    """The alarms of the emulated AWS, by name. Going through them evaluates those that are due."""

    def items(self) -> Any:
        alarms = super().items()
        for _, alarm in alarms:
            _evaluate(alarm)
        return alarms


def _evaluate(alarm: dict[str, Any]) -> None:
    changed = alarm["AlarmConfigurationUpdatedTimestamp"]  # both times are in whole seconds
    is_due = alarm["StateUpdatedTimestamp"] < changed <= time.time() - EVALUATION_SECONDS
    if is_due and alarm["StateValue"] == "ALARM":
        alarm.update(StateValue="OK", StateReason="Nothing is measured.", StateUpdatedTimestamp=int(time.time()))
