"""The bytes of every answer, so that two releases can be compared: a file of checksums."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class Answer(NamedTuple):
    """What an exhibit answered one request."""

    form: str
    """What computed it: one of `ArtifactForm`."""
    sha256: str


Answers = Mapping[str, Answer]
"""By exhibit, signature and number of the request."""


def answer_of(form: str, content: bytes) -> Answer:
    """The answer with this body."""
    return Answer(form, hashlib.sha256(content).hexdigest())


def write(path: Path, answers: Answers) -> None:
    """Write the file."""
    path.write_text(json.dumps(answers, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read(path: Path) -> Answers:
    """Read what `write` wrote."""
    return {request: Answer(*answer) for request, answer in json.loads(path.read_text(encoding="utf-8")).items()}


def comparison(before: Answers, now: Answers) -> str:
    """How many answers are byte for byte as before, and which are not; in lines."""
    both = [request for request in now if request in before]
    moved = [request for request in both if before[request].form != now[request].form]
    others = [request for request in both if request not in moved and before[request] != now[request]]
    gone = [request for request in before if request not in now]
    lines = [
        f"{len(both)} requests were answered before, too: {len(both) - len(moved) - len(others)} have the same answer, "
        f"byte for byte; {len(moved)} are computed by another form; {len(others)} have other bytes",
        f"{len(gone)} have no answer any more; {len(now) - len(both)} are new",
        *(f"{request}: {before[request].form} before, {now[request].form} now" for request in moved),
        *(f"{request}: {now[request].form}, other bytes" for request in others),
        *(f"{request}: no answer any more" for request in gone),
    ]
    return "\n".join(lines)
