"""An exhibit: one small model in one form, and what becomes of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from handlers.manifest import DEFAULT_SIGNATURE

Arrays = Mapping[str, np.ndarray]

ONLY = ""
"""Stands for the name of the only input or output, where a framework chose the name and a user never saw it."""


class Ask(NamedTuple):
    """A request, and what the framework that made the model answers."""

    inputs: Arrays
    answer: Arrays
    signature: str = DEFAULT_SIGNATURE


class Made(NamedTuple):
    """An exhibit as it stands on disk."""

    source: Path
    asks: Sequence[Ask] = ()
    samples: Path | None = None
    """What is given to `--samples`."""
    tolerance: float | None = None
    """What is given to `--tolerance`."""
    strict: bool = False
    """Whether `--strict` is given."""


@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """One row of the zoo."""

    name: str
    title: str
    """What it is, in a few words."""
    form: str
    """What a user hands over, such as `.keras`."""
    wing: str
    framework: str
    """The package that makes it, and answers for it; each has a process of its own."""
    make: Callable[[Any], Made]
    engines: frozenset[str] = frozenset()
    """What serves it; empty where it is refused."""
    refusal: str = ""
    """The whole error, with `<source>` for its path, and `<…>` for names that TensorFlow numbers anew each time."""
    shown: bool = False
    """Whether `make test` shows it; the whole zoo has a command of its own."""


@dataclass
class Wing:
    """Exhibits of a kind. The function that makes an exhibit gives it its name, unless a name is given."""

    title: str
    framework: str = "tensorflow"
    exhibits: list[Exhibit] = field(default_factory=list)

    def answers(
        self, engines: str, title: str, form: str, *, shown: bool = False, name: str = ""
    ) -> Callable[..., Any]:
        """Declare a model that is packaged, is served by these engines, and answers as its framework does."""
        return self._declare(title, form, engines=frozenset(engines.split()), shown=shown, name=name)

    def refused(self, refusal: str, title: str, form: str, *, shown: bool = True) -> Callable[..., Any]:
        """Declare a model that is refused, in these words."""
        return self._declare(title, form, refusal=refusal, shown=shown)

    def _declare(self, title: str, form: str, *, name: str = "", **what: Any) -> Callable[..., Any]:
        def declare(make: Callable[[Any], Made]) -> Callable[[Any], Made]:
            self.exhibits.append(
                Exhibit(
                    name=name or make.__name__,
                    title=title,
                    form=form,
                    wing=self.title,
                    framework=self.framework,
                    make=make,
                    **what,
                )
            )
            return make

        return declare
