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
and changes it. Meanwhile callers send requests to the API, to every sample model, in both dialects. A request is sent
when it is due, whether or not those before it were answered.

An answer is right if its status is 200 and its body is, byte for byte, that of a version that may answer then. The
reference is a worker that reads the packaged models from a directory, with no stack around it. One model is trained
twice, so that its versions answer differently. While a version is published, the one before may answer, too; before and
after, only one may. While callers call, the emulated AWS also demands that a function's role may read the models of the
version that serves.

A repetition ("refresh, up") changes no setting. It must find nothing to do.

"Before" and "after" are the {calm:g} seconds on both sides of a change. Latencies are in milliseconds. They show what
one machine does while it runs an engine, a program, an emulated AWS and all functions at the same time, and nothing
about AWS. What holds on AWS, too, is which resources an update makes, changes, replaces and deletes, and in which
order.
"""

HEADING = "## "


def write_page(project: Path, parts: Mapping[str, Sequence[Change]], *, command: str, per_second: float) -> Path:
    """Write the sections of these parts; `parts` has the changes of each, by its title. Sections of other parts stay.

    Returns the page's path.
    """
    path = project / PAGE
    sections = _sections(path.read_text(encoding="utf-8")) if path.exists() else {}
    how = f"`{command}`, {per_second:g} requests a second, on {os.cpu_count()} cores:"
    for title, changes in parts.items():
        heading = f"{title[0].upper()}{title[1:]}"
        sections[heading] = "\n".join(_section(heading, how, changes))
    path.write_text("\n".join([INTRODUCTION.format(calm=CALM_SECONDS), *sections.values()]), encoding="utf-8")
    return path


def _sections(page: str) -> dict[str, str]:
    """A page's sections by their headings."""
    _, *found = f"\n{page}".split(f"\n{HEADING}")
    return {section.partition("\n")[0]: f"{HEADING}{section.rstrip()}\n" for section in found}


def _section(heading: str, how: str, changes: Sequence[Change]) -> Iterator[str]:
    yield f"{HEADING}{heading}"
    yield ""
    yield f"{how} {conclusion(changes)}"
    yield ""
    yield f"| {' | '.join(HEADER)} |"
    yield f"| --- |{' ---: |' * (len(HEADER) - 2)} --- |"
    for change in changes:
        yield f"| {' | '.join(change.cells())} |"
    yield ""
