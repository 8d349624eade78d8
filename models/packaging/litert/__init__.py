"""LiteRT files: converted from a SavedModel, or brought; checked, and changed to what is fast."""
