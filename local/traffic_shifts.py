"""TrafficShifts: moves aliases to new versions step by step, and back if an alarm rings, as CodeDeploy does.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
"""

import re
import secrets
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local.resources.account import EmulatedAccount
from local.resources.lambda_.aliases import move_alias
from local.resources.resource_type import says_gone

CONFIGURATION = re.compile(r"CodeDeployDefault\.Lambda(Canary|Linear)(\d+)Percent(?:Every)?(\d+)Minutes?")
"""The names of configurations that move traffic in steps, such as `CodeDeployDefault.LambdaCanary10Percent5Minutes`."""

POLL_SECONDS = 0.1
"""How often alarms are looked at between two steps."""


class UnderWayError(Exception):
    """Another deployment of the group is under way. The message is CodeDeploy's."""


@dataclass(frozen=True, kw_only=True)
class Move:
    """What becomes of one alias."""

    function: str
    alias: str
    current: str
    """The version that has all traffic before."""
    target: str
    """The version that has all of it afterwards."""


class TrafficShifts:
    """The deployments of an account. Each runs in a thread, where a minute of CodeDeploy's takes time at all."""

    def __init__(self, account: EmulatedAccount) -> None:
        self._account = account
        self._active: dict[str, str] = {}
        """The deployment that is under way, by group."""
        self._good: set[str] = set()
        """The groups of which a deployment succeeded."""
        self._threads: list[threading.Thread] = []
        self._stopped = threading.Event()
        self._lock = threading.Lock()

    def start(self, name: str, group: Mapping[str, Any], moves: Sequence[Move]) -> str:
        """Start a deployment of a group, by its name and its properties. Returns its id. Raises UnderWayError."""
        deployment = f"d-{secrets.token_hex(5)[:9].upper()}"
        with self._lock:
            if other := self._active.get(name):
                group_name = group["deploymentGroupName"]
                raise UnderWayError(f"The Deployment Group '{group_name}' already has an active Deployment '{other}'")
            self._active[name] = deployment
        if not self._account.minute_seconds:
            self._run(name, group, moves)
            return deployment
        thread = threading.Thread(target=self._run, args=(name, group, moves), daemon=True)
        self._threads.append(thread)
        thread.start()
        return deployment

    def stop(self) -> None:
        """End the deployments that are under way, and leave the aliases as they are."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _run(self, name: str, group: Mapping[str, Any], moves: Sequence[Move]) -> None:
        try:
            if not self._rings(group):
                self._shift(name, group, moves)
        except ClientError as error:
            if not says_gone(error):  # a deployment fails if its function is deleted meanwhile
                raise
        finally:
            with self._lock:
                del self._active[name]

    def _shift(self, name: str, group: Mapping[str, Any], moves: Sequence[Move]) -> None:
        for share, minutes in _steps(group.get("deploymentConfigName", "")):
            for move in moves:
                self._split(move, share)
            if self._rings_within(group, minutes * self._account.minute_seconds):
                self._roll_back(name, moves)
                return
            if self._stopped.is_set():
                return
        for move in moves:
            self._give_all(move, move.target)
        self._good.add(name)

    def _roll_back(self, name: str, moves: Sequence[Move]) -> None:
        """Deploy the last revision that succeeded. A group without one leaves the aliases split."""
        if name in self._good:
            for move in moves:
                self._give_all(move, move.current)

    def _rings_within(self, group: Mapping[str, Any], seconds: float) -> bool:
        """Whether an alarm rings before so many seconds are over."""
        end = time.monotonic() + seconds
        while not self._stopped.wait(min(POLL_SECONDS, max(0.0, end - time.monotonic()))):
            if self._rings(group):
                return True
            if time.monotonic() >= end:
                return False
        return False

    def _rings(self, group: Mapping[str, Any]) -> bool:
        watched = group.get("alarmConfiguration") or {}
        if not watched.get("enabled") or not watched.get("alarms"):
            return False
        alarms = self._account.client("cloudwatch").describe_alarms(
            AlarmNames=list(watched["alarms"]), StateValue="ALARM"
        )
        return bool(alarms["MetricAlarms"])

    def _split(self, move: Move, share: float) -> None:
        weights = {"AdditionalVersionWeights": {move.target: share}}
        self._move(move, {"FunctionVersion": move.current, "RoutingConfig": weights})

    def _give_all(self, move: Move, version: str) -> None:
        self._move(move, {"FunctionVersion": version, "RoutingConfig": {"AdditionalVersionWeights": {}}})

    def _move(self, move: Move, settings: Mapping[str, Any]) -> None:
        move_alias(self._account, move.function, move.alias, settings)


def _steps(configuration: str) -> Iterator[tuple[float, int]]:
    """The new version's shares of the traffic before it has all, each with the minutes until the next step."""
    found = CONFIGURATION.fullmatch(configuration)
    if found is None:
        return
    kind, percent, minutes = found[1], int(found[2]), int(found[3])
    shares = [percent] if kind == "Canary" else range(percent, 100, percent)
    yield from ((share / 100, minutes) for share in shares)
