"""`docs/switching.md`: what callers got while a stack was changed."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from local.changes import HEADER, Change, conclusion
from local.living_stack import CALM_SECONDS

PAGE = Path("docs/switching.md")
"""Below the project's directory."""

INTRODUCTION = """\
# Switching

What callers get while a stack is changed. Pulumi's own engine deploys the program into the emulated AWS of one machine
and changes it. Meanwhile callers send {rate:g} requests a second to the API, to every sample model, in both dialects.
A request is sent when it is due, whether or not those before it were answered.

An answer is right if its status is 200 and its body is, byte for byte, that of a version that may answer then. The
reference is a worker that reads the packaged models from a directory, with no stack around it. One model is trained
twice, so that its versions answer differently. While a version is published, the one before may answer, too; before and
after, only one may.

```console
$ {command}
```

made this page on a machine with {cores} cores. "Before" and "after" are the {calm:g} seconds on both sides of a change.
Latencies are in milliseconds. They show what this machine does while it runs an engine, a program, an emulated AWS and
all functions at the same time, and nothing about AWS. What holds on AWS, too, is which resources an update makes,
changes, replaces and deletes, and in which order.
"""


def write_page(project: Path, parts: Mapping[str, Sequence[Change]], *, command: str, per_second: float) -> Path:
    """Write the page; `parts` has the changes of each part that was run, by its title. Returns the page's path."""
    path = project / PAGE
    text = INTRODUCTION.format(command=command, rate=per_second, calm=CALM_SECONDS, cores=os.cpu_count())
    sections = ["\n".join(_section(title, changes)) for title, changes in parts.items()]
    path.write_text("\n".join([text, *sections]), encoding="utf-8")
    return path


def _section(title: str, changes: Sequence[Change]) -> Iterator[str]:
    yield f"## {title[0].upper()}{title[1:]}"
    yield ""
    yield conclusion(changes)
    yield ""
    yield f"| {' | '.join(HEADER)} |"
    yield f"| --- |{' ---: |' * (len(HEADER) - 2)} --- |"
    for change in changes:
        yield f"| {' | '.join(change.cells())} |"
    yield ""
