"""LivingStack: a stack that is changed under Pulumi's own engine while callers call it."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from local.callers import Versions
from local.callers_process import CallersProcess
from local.changes import ADDRESSES, Change, Load, Period, load_of
from local.engine.results import Result
from local.engine.stack import EngineStack
from local.publishing import add_version, current_version, point, publish, versions_of
from local.questions import Question, Reference
from local.resources.account import EmulatedAccount

REQUESTS_PER_SECOND = 20.0
CALM_SECONDS = 5.0

POINTER_SECONDS = 6.0
"""After this time every environment has read a pointer again, which is at most five seconds old."""

PUBLISH_SECONDS = 120.0
"""After this time a published version must have answered."""


class ChangeError(Exception):
    """The stack could not be changed; the message has the engine's."""


class LivingStack:
    """A deployed stack, its callers, and what they may be answered. A context manager; leaving it stops the callers."""

    def __init__(
        self,
        account: EmulatedAccount,
        engine: EngineStack,
        repository: Path,
        questions: Sequence[Question],
        *,
        per_second: float = REQUESTS_PER_SECOND,
        calm_seconds: float = CALM_SECONDS,
    ) -> None:
        """`repository` holds the packaged models that are deployed, and is written to by `publish`. `per_second`: how
        many requests the callers send. `calm_seconds`: how long they are watched before and after a change."""
        self.account, self.engine = account, engine
        self.outputs: Mapping[str, Any] = {}
        self.results: list[Result] = []
        """What the engine did, one for each update."""
        self.repository, self._questions = repository, questions
        self._per_second, self._calm_seconds = per_second, calm_seconds
        self.models = sorted({question.model for question in questions})
        self._versions = Versions()
        self._answering: dict[str, int] = {}
        self._is_baked = False
        self._callers: list[CallersProcess] = []
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleanup.close()

    def start(self, settings: Mapping[str, Any]) -> Result:
        """Deploy the stack, and let the callers begin. Raises ChangeError."""
        self._reference = Reference(self.account.guard, self.repository, self.models)
        self._cleanup.callback(self._reference.stop)
        for model in self.models:
            self._learn(model)
        result = self._up("The first deployment", settings)
        for model in self.models:
            self._allow(model, self._current(model))
        self._call()
        self._rest()  # for the first cold starts
        self._rest()
        return result

    def change(
        self,
        what: str,
        settings: Mapping[str, Any],
        *,
        first: Callable[[], object] = lambda: None,
        excuse: str = "",
        excused: Sequence[Period] = (),
    ) -> Change:
        """Give the stack other settings, after doing something first that counts as part of it. Raises ChangeError."""
        for model in self.models:
            self._versions.allow(model, self._answering[model], self._current(model))
        self.account.changed_today.clear()  # each change of the stack is another day's
        before, began = self.outputs, time.monotonic()
        first()
        result = self._up(what, settings)
        ended = time.monotonic()
        for model in self.models:
            self._allow(model, self._current(model))
        moved = [key for key in ADDRESSES if before[key] != self.outputs[key]]
        if "apiUrl" in moved and urlsplit(str(self.outputs["apiUrl"])).hostname in ("127.0.0.1", "localhost"):
            self._call()
        self._rest()
        return Change(
            what=what,
            seconds=ended - began,
            resources=result.changes,
            moved=moved,
            loads=self._loads(began, ended),
            excuse=excuse,
            excused=excused,
        )

    def publish(self, model: str, like: int) -> Change:
        """Publish a further version of a model, with the content of the version `like`.

        Where models are part of the image, the next change brings it. Raises ChangeError if it does not answer.
        """
        directory, version = self.repository / model, self.package(model, like)
        began = time.monotonic()
        if not self._is_baked:
            self._versions.allow(model, self._answering[model], version)
        publish(self.account.client("s3"), str(self.outputs["bucketName"]), directory, version)
        if not self._is_baked:
            self._await(model, version, began)
            self._allow(model, version)
        ended = time.monotonic()
        self._rest()
        return self._publication(f"{model} {version} is published", began, ended)

    def repeat(self, what: str) -> Change:
        """Refresh the stack and update it with the settings that it has, which must do nothing. Raises ChangeError."""
        began = time.monotonic()
        results = [self._done(what, self.engine.refresh()), self._done(what, self.engine.up())]
        ended = time.monotonic()
        self._rest()
        done = Counter[str]()
        for result in results:
            done.update({kind: count for kind, count in result.changes.items() if kind != "same" and count})
        return Change(
            what=what,
            kind="repetition",
            seconds=ended - began,
            resources=done,
            moved=(),
            loads=self._loads(began, ended),
        )

    def answering(self, model: str) -> int:
        """The version that answers for a model now."""
        return self._answering[model]

    def package(self, model: str, like: int) -> int:
        """Package a further version of a model here, with the files of the version `like`. Returns its number."""
        directory = self.repository / model
        version = max(versions_of(directory)) + 1
        add_version(directory, like, version)
        point(directory, version)
        self._learn(model)
        return version

    def move(
        self, what: str, model: str, version: int, act: Callable[[], None], *, kept: Collection[int] = ()
    ) -> Change:
        """Let `act` make a version current that the bucket has, or will have, and wait until it alone answers.

        `kept` are earlier versions that may answer meanwhile, beside the one before: where a version cannot be read, an
        environment that no request reached during a publication goes on with what it has. Raises ChangeError if the
        version does not answer.
        """
        before, began = self._answering[model], time.monotonic()
        self._versions.allow(model, before, version, *kept)
        act()
        acted = time.monotonic()
        self._await(model, version, began)
        self._allow(model, version)
        ended = time.monotonic()
        self._rest()
        old = [
            each.ended - acted
            for callers in self._callers
            for each in callers.answers(acted, ended)
            if each.question.model == model and version not in self._versions.answering(each)
        ]
        until = f"the version before answered until {max(old, default=0.0):.1f} s afterwards"
        return self._publication(f"{what}; {until}", began, ended)

    def keep(self, what: str, act: Callable[[], None]) -> Change:
        """Let `act` do something that changes no answer."""
        began = time.monotonic()
        act()
        ended = time.monotonic()
        self._rest()
        return self._publication(what, began, ended)

    def _publication(self, what: str, began: float, ended: float) -> Change:
        """A change that leaves all resources as they are."""
        loads = self._loads(began, ended)
        return Change(what=what, kind="publication", seconds=ended - began, resources={}, moved=(), loads=loads)

    def _up(self, what: str, settings: Mapping[str, Any]) -> Result:
        result = self._done(what, self.engine.up(settings))
        self.results.append(result)
        self.outputs, self._is_baked = result.outputs, settings.get("storage") == "image"
        return result

    def _done(self, what: str, result: Result) -> Result:
        if not result.succeeded:
            raise ChangeError("\n".join([f"{what} failed:", *result.errors]))
        return result

    def _call(self) -> None:
        """Let callers call the stack's address; those of another address stop."""
        for callers in self._callers[-1:]:
            callers.stop()
        self._callers.append(CallersProcess(str(self.outputs["apiUrl"]), self._questions, self._per_second))
        self._cleanup.callback(self._callers[-1].close)
        self._cleanup.callback(self._callers[-1].stop)

    def _rest(self) -> None:
        time.sleep(self._calm_seconds)

    def _current(self, model: str) -> int:
        return current_version(self.repository / model)

    def _learn(self, model: str) -> None:
        """Keep what a model's current version answers."""
        asked = [question for question in self._questions if question.model == model]
        self._versions.know(self._current(model), self._reference.answers(asked))

    def _allow(self, model: str, version: int) -> None:
        self._answering[model] = version
        self._versions.allow(model, version)

    def _await(self, model: str, version: int, since: float) -> None:
        """Wait until a version has answered, and until no environment can answer with the one before."""
        while not any(
            answer.question.model == model and version in self._versions.answering(answer)
            for callers in self._callers[-1:]
            for answer in callers.latest(since)
        ):
            if time.monotonic() - since > PUBLISH_SECONDS:
                raise ChangeError(f"{model} {version} has not answered {PUBLISH_SECONDS:.0f} s after its publication")
            time.sleep(0.1)
        time.sleep(POINTER_SECONDS)

    def _loads(self, began: float, ended: float) -> Mapping[Period, Load]:
        times: Mapping[Period, tuple[float, float]] = {
            "before": (began - self._calm_seconds, began),
            "during": (began, ended),
            "after": (ended, ended + self._calm_seconds),
        }
        return {
            period: load_of(
                [each for callers in self._callers for each in callers.answers(start, end)], self._versions, end - start
            )
            for period, (start, end) in times.items()
        }
