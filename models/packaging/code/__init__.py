"""Packaging of the code that a version brings: its files, the packages that it depends on, and its trial."""
