"""What the simulation behind `python -m ops advise` has for the requests of a load, beside what was counted."""

import numpy as np

from ops.load.recording import Recording
from ops.simulation.environments import Counts, Environments, Platform


def simulate(recording: Recording, keep_seconds: float) -> Counts:
    """The same requests in simulated environments, which are kept for so long when idle.

    The times of a request, in an environment that runs and in a new one, are those of the recording.
    """
    warm, cold = recording.warm_latency.percentile(50) / 1e6, recording.cold_seconds
    return Environments(Platform(keep_seconds=keep_seconds), warm, lambda _: cold).run([np.array(recording.due)])


def as_text(recording: Recording, keep_seconds: float) -> str:
    """One line of the report."""
    counts = simulate(recording, keep_seconds)
    return (
        f"the simulation has {counts.cold_count:,} cold starts ({counts.cold_share:.2%}) for these requests, if idle "
        f"environments are kept for {keep_seconds:g} s"
    )
