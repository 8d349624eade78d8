"""Where the time of a model goes: starts of the real handler, split into steps."""
