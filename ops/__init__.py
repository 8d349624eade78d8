"""Commands for operators: what a stack would create, grant and cost, shown before anything is created."""
