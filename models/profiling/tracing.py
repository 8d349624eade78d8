"""Notes where steps begin and end in a process that serves a model. Imports no more than a handler does."""

import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from time import monotonic
from types import ModuleType
from typing import TYPE_CHECKING, Any

from models.profiling.boundaries import Amount, Boundary, read_by_this_thread, read_process
from models.profiling.steps import ENGINE, FETCH, FIND, FURTHER_INFERENCE, INFERENCE, INIT, MAP, PLAN, REQUEST

if TYPE_CHECKING:
    from importlib.abc import Loader

Function = Callable[..., Any]

REPORT = {"profile": "report"}
"""The event that a traced handler answers with its steps."""


class Trace:
    """The steps of this process. Until the first request is answered, what they take is read; later only the clock."""

    def __init__(self) -> None:
        self.boundaries: list[Boundary] = []
        self.fetched_bytes = 0
        self._not_counted = 0
        self._has_run = self._has_answered = False

    def reading(self) -> Amount:
        """What the process has taken so far, with what came from a store and was not read as a file."""
        taken = read_process()
        return taken._replace(read_bytes=taken.read_bytes + self._not_counted)

    @contextmanager
    def step(self, name: str) -> Generator[None]:
        """The block is a step."""
        self._note(name, is_end=False)
        try:
            yield
        finally:
            self._note(name, is_end=True)
            self._has_answered |= name == REQUEST

    def of(self, name: str) -> Callable[[Function], Function]:
        """Makes each call of a function a step."""

        def traced(function: Function) -> Function:
            def call(*arguments: Any, **named: Any) -> Any:
                with self.step(name):
                    return function(*arguments, **named)

            return call

        return traced

    def of_fetch(self, fetch: Function) -> Function:
        """`Store.fetch` as a step. Its bytes are the sizes of the files, however they are read."""

        def call(store: Any, model: str, version: int, files: Sequence[Any]) -> Any:
            with self.step(FETCH):
                before = read_by_this_thread()
                directory = fetch(store, model, version, files)
                size = sum(entry.size for entry in files)
                self.fetched_bytes += size
                self._not_counted += size - (read_by_this_thread() - before)
                return directory

        return call

    def of_load(self, load: Function) -> Function:
        """`engines.load` as a step, and each run of the model that it returns."""
        load = self.of(MAP)(load)

        def call(*arguments: Any) -> Any:
            model = load(*arguments)
            model.run = self._of_run(model.run)
            return model

        return call

    def _of_run(self, run: Function) -> Function:
        def call(*arguments: Any) -> Any:
            name = FURTHER_INFERENCE if self._has_run else INFERENCE
            self._has_run = True
            with self.step(name):
                return run(*arguments)

        return call

    def report(self) -> dict[str, Any]:
        """What was noted, in lists that every writer of JSON writes alike."""
        return {
            "boundaries": [(each.step, each.is_end, [*each.reading]) for each in self.boundaries],
            "fetched_bytes": self.fetched_bytes,
            "ended": [*self.reading()],
        }

    def _note(self, name: str, *, is_end: bool) -> None:
        reading = Amount(monotonic()) if self._has_answered else self.reading()
        self.boundaries.append(Boundary(name, is_end, reading))


class Tracer:
    """Finds the modules of the handler that have steps, and traces their functions once they are imported."""

    def __init__(self, trace: Trace) -> None:
        self._traced: dict[str, dict[str, Callable[[Function], Function]]] = {
            "handlers.serving.start": {"open_single_model_app": trace.of(INIT)},
            "handlers.serving.repository": {"Repository.find": trace.of(FIND)},
            "handlers.serving.loading": {"ArtifactLoad.fetch": trace.of(ENGINE), "load": trace.of_load},
            "handlers.serving.stores.directory": {"DirectoryStore.fetch": trace.of_fetch},
            "handlers.serving.stores.s3": {"S3Store.fetch": trace.of_fetch},
            "handlers.serving.engines.litert": {"_Interpreter.plan": trace.of(PLAN)},
            "handlers.serving.app": {"App.handle": trace.of(REQUEST)},
        }

    def install(self) -> None:
        """Trace what is imported from now on."""
        sys.meta_path.insert(0, self)  # pyright: ignore[reportArgumentType]  # it has what Python asks for

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Called by Python for each module that is imported."""
        if name not in self._traced:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Tracing(spec.loader, self._traced[name])  # pyright: ignore[reportAttributeAccessIssue]
        return spec


class _Tracing:
    """Loads a module, then traces functions of it."""

    def __init__(self, loader: "Loader", traced: dict[str, Callable[[Function], Function]]) -> None:
        self._loader, self._traced = loader, traced

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        for path, trace in self._traced.items():
            owner: Any = module
            *owners, name = path.split(".")
            for each in owners:
                owner = getattr(owner, each)
            setattr(owner, name, trace(getattr(owner, name)))
