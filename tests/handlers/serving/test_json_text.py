"""What parsing takes is known before anything is parsed."""

import subprocess
import sys

import pytest

from handlers.serving.dialects.json_text import parse_object, parsed_bytes
from handlers.serving.errors import InvalidRequest, RequestTooLarge
from tests.paths import PROJECT

PIECES = {
    "decimals": "0.5,",
    "integers": "300,",
    "small integers": "1,",
    "rows": "[5.1,3.5,1.4,0.2],",
    "empty lists": "[],",
    "lists of lists": "[[0.5]],",
    "empty objects": "{},",
    "objects": '{"x":1.5},',
    "wider objects": '{"a":1.5,"b":2.5,"c":3.5},',
    "texts": '"ab",',
    "texts beyond Latin": '"ĀĀ",',
    "emoji": '"😀",',
    "base64": '{"b64":"YQ=="},',
    "not finite": "NaN,",
    "texts with colons": '"a:b",',
    "objects with equal keys": '{"x":1,"x":2},',
    "shorter words": "Inf,",
}

PROGRAM = """
import os, resource, sys
from handlers.serving.dialects.json_text import parse_object
body = ('{"instances":[' + (sys.argv[1] * (3_000_000 // len(sys.argv[1].encode())))[:-1] + "]}").encode()
if os.fork():  # the peak of a new process is its own; one that was executed has the peak of the process before it
    sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
parsed = parse_object(body, 1 << 40)
unit = 1 if sys.platform == "darwin" else 1024
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit)
"""


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_an_estimate_covers_what_parsing_takes_and_is_no_more_than_five_times_as_much(piece: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, piece], cwd=PROJECT, capture_output=True, check=True)
    body = '{"instances":[' + (piece * (3_000_000 // len(piece.encode())))[:-1] + "]}"
    taken, estimated = int(done.stdout), parsed_bytes(body.encode())
    assert taken <= estimated <= 5 * taken


def test_a_document_that_has_no_room_is_refused_before_it_is_parsed() -> None:
    body = b"[" * 1000  # no JSON
    with pytest.raises(InvalidRequest):
        parse_object(body, parsed_bytes(body))
    with pytest.raises(RequestTooLarge, match="more than the 113999 bytes of memory that this function has for it"):
        parse_object(body, parsed_bytes(body) - 1)
