"""`pulumi stack export | python -m ops images`: lists images that no version of a function uses."""

from argparse import Namespace

from ops import exported_state
from ops.images import as_text, unused

NAME = "images"
HELP = "list images in the stack's repository that no version of a function uses, each with the command that removes it"

add_arguments = exported_state.add_arguments


def run(options: Namespace) -> int:
    """Read the state from standard input and print the images."""
    state, client = exported_state.piped_in(options)
    print(as_text(unused(state, client)))
    return 0
