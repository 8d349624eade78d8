"""An open-loop load generator for a deployed stack, and what its figures advise."""
