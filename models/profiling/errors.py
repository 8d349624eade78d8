"""What profiling raises. The message says in one sentence why, and what to do."""


class ProfilingError(Exception):
    """A model cannot be profiled."""
