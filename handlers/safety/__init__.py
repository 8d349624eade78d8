"""Finds models that could harm the machine that serves them. Packaging and the server check by the same list."""
