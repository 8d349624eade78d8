"""Operator commands: what a stack would create, grant and cost, told before anything is created."""
