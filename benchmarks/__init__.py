"""Benchmarks: what is measured, and the report that it writes. `python -m benchmarks --help` tells the rest."""
