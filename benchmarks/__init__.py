"""Benchmarks: measure the handlers, and write the report. See `python -m benchmarks --help`."""
