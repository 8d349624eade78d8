"""The simulation behind the advice, against a stack of this machine that gets the same requests."""

from pathlib import Path

from local.stack import local_stack
from ops.load.bodies import load_request, metadata
from ops.load.generator import Load, run
from ops.load.simulated import as_text, simulate

KEEP_SECONDS = 5.0

DUE = (7.0, 9.0, 9.2, *(16.0, 16.0), 20.0, *(24.0, 24.0), *(31.0, 31.0))
"""One environment is enough; then two are needed, of which one is idle for too long; then both are."""


def test_the_simulation_starts_the_environments_that_the_stack_starts(repository: Path) -> None:
    settings = {"storage": "s3", "mode": "multi", "models": '["iris"]', "modelRepository": str(repository)}
    with local_stack(settings, keep_seconds=KEEP_SECONDS) as stack:
        request = load_request("iris", metadata(stack.api_url, "iris", {}), "v1", 1)
        found = run(stack.api_url, [request], Load(rate=1, seconds=1, due=DUE))
    assert (found.answered, found.errors) == (len(DUE), {})
    counts = simulate(found, KEEP_SECONDS)
    assert counts.requests == len(DUE)
    assert found.cold == counts.cold_count == 6
    assert "the simulation has 6 cold starts (60.00%)" in as_text(found, KEEP_SECONDS)
