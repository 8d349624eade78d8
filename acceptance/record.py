"""Record: what became of each case, in a file, so that a later run goes on where this one ended."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(kw_only=True)
class Outcome:
    """What became of a case."""

    case: str
    gone: bool = False
    """Whether its stack was taken away. If not, the next run does it first."""
    failures: dict[str, str] = field(default_factory=dict[str, str])
    """By what did not hold, with the reason."""
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    """How long each step took."""
    requests: dict[str, int] = field(default_factory=dict[str, int])
    """How many requests the API got in each step."""
    left: list[str] = field(default_factory=list[str])
    """The ARNs of what still has the stack's tag."""

    @property
    def held(self) -> bool:
        """Whether everything held, and nothing is left."""
        return self.gone and not self.failures and not self.left


class Record:
    """The outcomes in a directory, by the names of the cases."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "outcomes.json"
        directory.mkdir(parents=True, exist_ok=True)
        known = json.loads(self._file.read_text()) if self._file.exists() else {}
        self.outcomes = {name: Outcome(**values) for name, values in known.items()}

    def keep(self, outcome: Outcome) -> None:
        """Write an outcome down."""
        self.outcomes[outcome.case] = outcome
        written = json.dumps({name: asdict(each) for name, each in self.outcomes.items()}, indent=1)
        incoming = self._file.with_suffix(".new")
        incoming.write_text(written)
        incoming.replace(self._file)
