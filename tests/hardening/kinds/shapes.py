"""Shapes that claim more than the request holds: nothing is allocated for them."""

from typing import Any

from tests.hardening.events import http, infer, infer_binary, raw, tensor
from tests.hardening.inputs import Input

SIZES = "it must be a list of sizes, each at most 2147483647"
WRONG_NUMBER = "incorrect number of string elements for input 'x':"


def strings(count: int, content: bytes) -> Any:
    return infer_binary(raw("BYTES", [count], len(content)), content, "string")


INPUTS = (
    *(
        Input(name=name, event=lambda count=count, content=content: strings(count, content), words=words)
        for name, count, content, words in (
            (
                "a quarter of a billion strings in no bytes",
                250_000_000,
                b"",
                f"{WRONG_NUMBER} 0 bytes hold fewer than 250000000",
            ),
            ("more strings than their lengths would fit in", 2, b"\1\0\0\0a\0\0", "7 bytes hold fewer than 2"),
            ("a string that is longer than the request", 1, b"\xff\xff\xff\x7fabcd", f"{WRONG_NUMBER} 0 of 1"),
        )
    ),
    Input(
        name="two billion numbers in four bytes",
        event=lambda: infer_binary(raw("FP32", [2**31 - 1], 4), b"\0\0\0\0"),
        words="input byte size mismatch for input 'x': expected 8589934588, got 4",
    ),
    *(
        Input(name=name, event=lambda document=document: infer(document), words=words)
        for name, document, words in (
            (
                "more numbers than can be counted",
                tensor(shape=[2**31 - 1] * 60),
                "Unable to parse 'data' of input 'x': its shape [1] is not [2147483647,",
            ),
            ("a size that no engine takes", tensor(shape=[0, 2**63 - 1], data=[]), SIZES),
            ("a size that is no 64-bit integer", tensor(shape=[0, 2**64], data=[]), SIZES),
            (
                "an empty tensor with a large other size",
                tensor(shape=[0, 2**31 - 1], data=[]),
                "a tensor of shape [0,2147483647] is empty, so the product of its other sizes must be at most",
            ),
            ("65 dimensions", tensor(shape=[1] * 65), "it has 65 dimensions, and at most 64 can be"),
        )
    ),
    Input(
        name="an empty tensor with the sizes that the signature demands",
        event=lambda: infer(tensor(shape=[0, 8, 8, 1], data=[]), "images"),
        status=200,
        words='"shape":[0]',
    ),
    Input(name="64 dimensions", event=lambda: infer(tensor(shape=[1] * 64)), status=200, words='"data":[1.0]'),
    Input(
        name="half a million dimensions",
        event=lambda: infer(tensor(shape=[2**31 - 1] * 500_000)),
        words="it has 500000 dimensions",
        like=lambda: infer(tensor(shape=[500_000], data=[2147483647] * 500_000)),
        memory=10,
    ),
    Input(
        name="raw bytes that are no whole tensor",
        event=lambda: http("/v2/models/images/infer", b"\0" * 255, {"inference-header-content-length": "0"}),
        words="input byte size mismatch",
    ),
    Input(
        name="no bytes at all",
        event=lambda: http("/v2/models/images/infer", b"", {"inference-header-content-length": "0"}),
        status=200,
        words="",
    ),
)
