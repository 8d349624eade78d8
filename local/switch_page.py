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

What callers get while a stack is changed. Pulumi's own engine deploys the program into the emulated AWS of this machine
and changes it, while callers send {rate:g} requests a second to the API: to every sample model, in both dialects, each at
its time, whether or not the one before was answered. An answer is right if it has status 200 and is, byte for byte, what
a version of the model answers that may answer then; the reference is a worker that reads the packaged models from a
directory, with no stack around it. `iris` is trained twice, so that its versions answer differently: while one is
published, either version may answer, before and after only one.

```console
$ {command}
```

made this page on a machine with {cores} cores. "Before" and "after" are the {calm:g} seconds on both sides of a change.
Latencies are in milliseconds, counted from when the request was due, and say what this machine does with an engine, a
program, an emulated AWS and all functions on it at the same time: nothing about AWS. What holds there too is which
resources are made, changed, replaced and deleted, and in which order.
"""


def write_page(
    project: Path, parts: Mapping[str, tuple[str, Sequence[Change]]], *, command: str, per_second: float
) -> Path:
    """Write the page; `parts` has a title and the changes of each part that was run. Returns the page's path."""
    path = project / PAGE
    text = INTRODUCTION.format(command=command, rate=per_second, calm=CALM_SECONDS, cores=os.cpu_count())
    sections = ["\n".join(_section(title, changes)) for title, changes in parts.values()]
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
