"""`pulumi stack export | python -m ops orphans`: lists what a stack made in AWS and does not own."""

from argparse import Namespace

from ops import exported_state
from ops.orphans import as_text, orphans

NAME = "orphans"
HELP = "list what an interrupted update left in AWS without an owner, each with the command that removes it"

add_arguments = exported_state.add_arguments


def run(options: Namespace) -> int:
    """Read the state from standard input and print what is not in it; the exit code is 1 if there is something."""
    state, client = exported_state.piped_in(options)
    found = orphans(state, client)
    print(as_text(found))
    return 1 if found else 0
