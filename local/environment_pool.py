"""EnvironmentPool: the execution environments of one revision of a function."""

from local.environments import ExecutionEnvironment
from local.functions import Function
from local.logs import FunctionLogs


class EnvironmentPool:
    """What `Invocations` keeps of a revision; its lock guards it."""

    def __init__(self, function: Function, logs: FunctionLogs) -> None:
        self.function = function
        self.logs = logs
        self.warm: list[ExecutionEnvironment] = []
        self.busy: set[ExecutionEnvironment] = set()
        self.waiting = 0
        """Accepted invocations that wait for an environment."""
        self.is_left = False
        """Whether callers are led elsewhere, so that environments end after their invocation."""

    @property
    def in_use(self) -> int:
        """How many environments are in use, or will be when this machine can start them."""
        return len(self.busy) + self.waiting

    def take_idle(self, since: float) -> list[ExecutionEnvironment]:
        """Remove the warm environments that are idle since before this time; returns them."""
        idle = [environment for environment in self.warm if environment.idle_since < since]
        self.warm = [environment for environment in self.warm if environment not in idle]
        return idle

    def take_warm(self) -> list[ExecutionEnvironment]:
        """Empty the list of warm environments; returns what it held."""
        warm, self.warm = self.warm, []
        return warm
