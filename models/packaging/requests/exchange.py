"""An exchange: requests to one signature, and what the model's own library answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, TypeAlias

from models.packaging.arrays import Arrays
from models.packaging.errors import Undecided, reason_of

Kind = Literal["usual", "unusual", "empty", "not finite"]
"""What an engine must do with a request. Usual: answer as the reference does. Unusual: the same, or reject it if the
reference does. Empty: it may reject it. Not finite: it may differ, unless packaging is strict; that is written down."""


class Request(NamedTuple):
    """One request."""

    inputs: Arrays
    kind: Kind = "usual"
    what: str = ""
    """What is special about it, for messages: `a batch of none`."""


@dataclass(frozen=True)
class Rejection:
    """A model or an engine rejects a request."""

    reason: str


Answer: TypeAlias = Arrays | Rejection


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Requests to one signature, and the reference's answers."""

    requests: Sequence[Request]
    answers: Sequence[Answer]

    @property
    def samples(self) -> int:
        """The number of examples in all usual requests."""
        return sum(
            max((len(array) for array in answer.values() if array.ndim), default=1)
            for request, answer in zip(self.requests, self.answers, strict=True)
            if request.kind == "usual" and not isinstance(answer, Rejection)
        )


class Asked(Protocol):
    """A reference; see `models.packaging.reference`."""

    def run(self, signature: str, inputs: Arrays) -> Arrays: ...

    def probe(self, signature: str, inputs: Arrays) -> Arrays: ...


def ask(reference: Asked, signature: str, requests: Sequence[Request]) -> Exchange:
    """Ask a reference; requests on which it is undecided are left out. Raises what it raises on a usual request."""
    answered = [(each, answer) for each in requests if (answer := _answer(reference, signature, each)) is not None]
    return Exchange(requests=[request for request, _ in answered], answers=[answer for _, answer in answered])


def _answer(reference: Asked, signature: str, request: Request) -> Answer | None:
    if request.kind == "usual":
        return reference.run(signature, request.inputs)
    try:
        return reference.probe(signature, request.inputs)
    except Undecided:
        return None
    except Exception as error:
        return Rejection(reason_of(error))
