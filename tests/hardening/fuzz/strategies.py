"""What is generated: valid requests with the answers that they must get, and requests that are broken somewhere."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.hardening.fuzz.requests import TENSORFLOW_SERVING, Arrays, Request, Sender, Wire, encode


@dataclass(frozen=True)
class Target:
    """A model to ask: the element type of each input, the shapes that it takes, and what it answers."""

    model: str
    inputs: Mapping[str, str]
    rank: int | None
    """The number of dimensions; None for any number."""
    answer: Callable[[Arrays], Arrays]
    sizes: Mapping[int, int] = field(default_factory=dict[int, int])
    """Sizes of dimensions that are fixed, by axis."""


WIRES: tuple[Wire, ...] = (*TENSORFLOW_SERVING, "flat data", "nested data", "raw")
SENDERS: tuple[Sender, ...] = ("http", "rest", "balancer", "balancer with lists")
FLOATS = {"float16": 16, "float32": 32, "float64": 64}

TEXTS = st.one_of(
    st.text(max_size=8), st.sampled_from(["", "\ud800", "x\udfff", "é", "😀", "\x7f\0", "NaN", "a" * 300])
)
NUMBERS = st.one_of(
    st.integers(-3, 300),
    st.sampled_from([2**31 - 1, 2**31, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**400, 1e39, 1e-320, -0.0]),
    st.floats(),
)
DEEP = st.builds(lambda levels: json.loads("[" * levels + "]" * levels), st.integers(1, 400))
VALUES: SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS, st.builds(lambda text: {"b64": text}, TEXTS), DEEP),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
TOKENS = st.sampled_from(
    [b",", b"[", b"]", b"{", b"}", b'"', b":", b"NaN", b"-", b"\\ud800", b"\\", b"\xff", b"\0", b"1e999", b" ", b"null"]
)
HEADERS = st.dictionaries(
    st.sampled_from(["content-encoding", "Inference-Header-Content-Length", "content-type", "x"]),
    st.one_of(st.sampled_from(["gzip", "deflate", "identity", "br", "0", "1", "-1", "9" * 30, "", "\ud800"]), VALUES),
    max_size=2,
)


@st.composite
def valid(draw: DrawFn, targets: list[Target]) -> tuple[Request, Arrays]:
    """A request that must be answered, and the answer."""
    target = draw(st.sampled_from(targets))
    wires = [wire for wire in WIRES if _can_carry(wire, target)]
    wire = draw(st.sampled_from(wires))
    arrays = draw(_arrays(target, at_least=1 if wire in TENSORFLOW_SERVING else 0))
    request = encode(
        target.model, wire, arrays, target.inputs, binary_answer=_must_be_raw(target) or draw(st.booleans())
    )
    senders = (*SENDERS, "direct") if wire in TENSORFLOW_SERVING else SENDERS
    request.sender = draw(st.sampled_from(senders))
    request.is_zipped = request.sender != "direct" and draw(st.booleans())
    return request, target.answer(arrays)


@st.composite
def broken(draw: DrawFn, targets: list[Target]) -> Request:
    """A request that is broken in one to three places. It may be valid all the same."""
    request, _ = draw(valid(targets))
    for _ in range(draw(st.integers(1, 3))):
        draw(st.sampled_from([_break_value, _break_value, _break_text, _repeat, _break_content, _break_event]))(
            draw, request
        )
    return request


def anything() -> SearchStrategy[Any]:
    """Any event at all."""
    return st.one_of(VALUES, st.fixed_dictionaries({"requestContext": VALUES, "httpMethod": VALUES, "path": VALUES}))


def _can_carry(wire: Wire, target: Target) -> bool:
    if _must_be_raw(target):
        return wire == "raw"
    return len(target.inputs) == 1 or wire not in ("rows", "columns")


def _must_be_raw(target: Target) -> bool:
    return "float16" in target.inputs.values()


@st.composite
def _arrays(draw: DrawFn, target: Target, at_least: int) -> Arrays:
    rank = draw(st.integers(1, 4)) if target.rank is None else target.rank
    shape = [target.sizes.get(axis) or draw(st.integers(at_least, 3)) for axis in range(rank)]
    count = int(np.prod(shape))
    return {
        name: _array(draw(st.lists(_elements(dtype), min_size=count, max_size=count)), dtype, shape)
        for name, dtype in target.inputs.items()
    }


def _array(values: list[Any], dtype: str, shape: list[int]) -> np.ndarray:
    if dtype != "string":
        return np.array(values, dtype).reshape(shape)
    array = np.empty(len(values), object)
    array[:] = values
    return array.reshape(shape)


def _elements(dtype: str) -> SearchStrategy[Any]:
    if dtype in FLOATS:
        return st.floats(width=FLOATS[dtype])
    if dtype == "string":
        return st.text(max_size=5).map(lambda text: text.encode("utf-8", "replace"))
    if dtype == "bool":
        return st.booleans()
    limits = np.iinfo(dtype)
    return st.integers(int(limits.min), int(limits.max))


def _break_value(draw: DrawFn, request: Request) -> None:
    """Replace or remove something in the document."""
    places = list(_places(request.document))
    if not places:
        request.document = draw(st.dictionaries(TEXTS, VALUES, max_size=2))
        return
    holder, key = draw(st.sampled_from(places))
    if draw(st.booleans()):
        holder[key] = draw(VALUES)
    else:
        del holder[key]


def _places(value: Any) -> Any:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in list(keys)[:20]:
        yield value, key
        yield from _places(value[key])


def _break_text(draw: DrawFn, request: Request) -> None:
    """Put tokens into the JSON, or cut it off."""
    text = json.dumps(request.document).encode() if request.text is None else request.text
    at = draw(st.integers(0, len(text)))
    request.text = text[:at] + draw(TOKENS) + (text[at + draw(st.integers(0, 4)) :] if draw(st.booleans()) else b"")
    request.sender = "http" if request.sender == "direct" else request.sender


def _repeat(draw: DrawFn, request: Request) -> None:
    """Repeat a piece of the JSON very often."""
    text = json.dumps(request.document).encode() if request.text is None else request.text
    start = draw(st.integers(0, len(text)))
    piece = text[start : start + draw(st.integers(1, 12))]
    request.text = text[:start] + piece * draw(st.sampled_from([2, 100, 10_000])) + text[start:]
    request.sender = "http" if request.sender == "direct" else request.sender


def _break_content(draw: DrawFn, request: Request) -> None:
    """Change the raw tensors, or which headers describe them."""
    request.content = request.content[draw(st.integers(0, 5)) :] + draw(st.binary(max_size=6))
    request.headers |= draw(HEADERS)


def _break_event(draw: DrawFn, request: Request) -> None:
    """Replace members of the event."""
    keys = [
        "body",
        "headers",
        "multiValueHeaders",
        "rawPath",
        "path",
        "isBase64Encoded",
        "requestContext",
        "httpMethod",
    ]
    changes = st.dictionaries(st.sampled_from([*keys, "model", "version", "label"]), VALUES, min_size=1, max_size=2)
    request.event_changes |= draw(changes)
