"""Where the commands keep what they make, unless they are told otherwise."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
EXPORTS = PROJECT / "build" / "exports"
"""Trained sample models: one directory each, with `saved_model/`, `test.npz` and `metrics.json`."""
REPOSITORY = PROJECT / "build" / "repository"
"""The model repository."""
THIRD_PARTY = PROJECT / "build" / "third_party"
"""Models downloaded from published Python packages."""
