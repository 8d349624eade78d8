"""Send generated requests, and hold every answer against what must be.

    python -m tests.hardening.fuzz [--minutes 10] [--seed 0] [--repository build/repository] [--corpus build/fuzz]

The requests follow from the seed and from the corpus, which keeps those that failed and the slowest ones. A failure is
printed as the smallest request that shows it. If the process itself dies, the corpus holds its last event.
"""

import argparse
import contextlib
import faulthandler
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings, target
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase

from handlers.serving.engines.heap import trim_heap
from handlers.serving.footprint import MIB, resident_bytes
from tests.hardening.fuzz.checking import Servers
from tests.hardening.fuzz.strategies import anything, broken, valid
from tests.paths import PROJECT

MODELS = ("iris", "digits")
EXAMPLES = 400
"""Requests of each kind in a round."""

WARM_ROUNDS = 3
GROWTH_BYTES = 48 * MIB
"""How much the process may grow after `WARM_ROUNDS` rounds."""

LAST_EVENT = "last-event.json"


class Fuzzer:
    """Asks rounds of generated requests."""

    def __init__(self, servers: Servers, corpus: Path) -> None:
        self._servers, self._last = servers, corpus / LAST_EVENT
        self._database = DirectoryBasedExampleDatabase(corpus)
        self.asked = 0

    def round(self, number: int, examples: int) -> None:
        """Ask so many requests of each kind. Raises Wrong, or whatever escaped from the server."""
        for targets in (self._servers.formulas, self._servers.packaged):
            self._run(number, examples, valid(targets), lambda made: self._valid(*made))
            self._run(number, examples, broken(targets), lambda made: self._any(made.event(), made.model))
        self._run(number, examples, anything(), lambda event: self._any(event))

    def _valid(self, request: Any, expected: Any) -> None:
        self._note(request.event())
        self._servers.check_valid(request, expected)

    def _any(self, event: Any, model: str = "") -> None:
        self._note(event)
        before = time.process_time()
        self._servers.check(event, model)
        target(time.process_time() - before)

    def _note(self, event: Any) -> None:
        self.asked += 1
        self._last.write_text(json.dumps(event))

    def _run(self, number: int, examples: int, made: st.SearchStrategy[Any], check: Callable[[Any], None]) -> None:
        limits = settings(
            max_examples=examples,
            database=self._database,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # Without Phase.target: it climbs over requests that it has cached, which no number of requests ends.
            phases=[Phase.reuse, Phase.generate, Phase.shrink],
            report_multiple_bugs=False,
        )
        seed(number)(limits(given(made)(check)))()


def main() -> int:
    """Ask until the time is over; the exit code is 1 if an answer was wrong or the process grew."""
    parser = argparse.ArgumentParser(prog="python -m tests.hardening.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--examples", type=int, default=EXAMPLES, help="requests of each kind in a round")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repository", type=Path, default=PROJECT / "build" / "repository")
    parser.add_argument("--corpus", type=Path, default=PROJECT / "build" / "fuzz")
    options = parser.parse_args()
    options.corpus.mkdir(parents=True, exist_ok=True)
    faulthandler.enable()
    until, rounds, settled = time.monotonic() + options.minutes * 60, 0, 0
    with contextlib.ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        fuzzer = Fuzzer(Servers(patch, options.repository, MODELS), options.corpus)
        while rounds <= WARM_ROUNDS or time.monotonic() < until:
            fuzzer.round(options.seed + rounds, options.examples)
            rounds += 1
            if rounds == WARM_ROUNDS:
                settled = _held_bytes()
    grown = _held_bytes() - settled
    sys.stdout.write(
        f"{fuzzer.asked} requests in {rounds} rounds from seed {options.seed}: every answer is as it must be\n"
        f"the process grew by {grown / MIB:.1f} MiB after round {WARM_ROUNDS}; {GROWTH_BYTES // MIB} are allowed\n"
    )
    return 1 if grown > GROWTH_BYTES else 0


def _held_bytes() -> int:
    trim_heap()
    return resident_bytes()


if __name__ == "__main__":
    sys.exit(main())
