"""Bodies that become much larger when they are inflated or parsed."""

import base64
from typing import Any

from tests.hardening.events import LARGEST, filled, http, infer_binary, predict, raw, tensor, zipped
from tests.hardening.inputs import Input

NO_ROOM = "Reading the request would take more than the"
INFLATED = 40_000_000


def bomb(piece: str) -> Any:
    return zipped(predict(filled('{"instances":[', piece, "]}", INFLATED)))


def numbers() -> Any:
    return zipped(predict({"instances": [[0.125, float(index)] for index in range(20_000)]}))


def valid(piece: str, size: int = LARGEST) -> Any:
    return predict(filled('{"instances":[', piece, "]}", size))


def decimals(size: int = LARGEST) -> Any:
    return valid("0.123456789,", size)


INPUTS = (
    *(
        Input(
            name=f"{title}, inflated to {INFLATED} bytes",
            event=lambda piece=piece: bomb(piece),
            status=413,
            words=NO_ROOM,
            like=numbers,
            memory=100,
        )
        for title, piece in (
            ("empty objects", "{},"),
            ("empty lists", "[],"),
            ("lists of one list", "[[0]],"),
            ("objects of one member", '{"":0},'),
            ("empty strings", '"",'),
            ("brackets that never close", "["),
            ("braces that never close", "{"),
        )
    ),
    Input(
        name="zeros, inflated to more than is allowed",
        event=lambda: zipped(http("/v2/models/float32/infer", b"\0" * 70_000_000, {})),
        status=413,
        words="The body inflates to more than 67108864 bytes, the most allowed",
        like=decimals,
        memory=1000,
    ),
    Input(
        name="ten million empty strings, inflated from raw bytes",
        event=lambda: zipped(infer_binary(raw("BYTES", [10_000_000], 40_000_000), b"\0" * 40_000_000, "string")),
        status=413,
        words=NO_ROOM,
        like=decimals,
        memory=2000,
    ),
    Input(
        name="objects of one member, as they are",
        event=lambda: valid('{"":0},'),
        status=413,
        words=NO_ROOM,
        like=decimals,
    ),
    Input(name="empty lists, as they are", event=lambda: valid("[],"), status=413, words=NO_ROOM, like=decimals),
    Input(
        name="the most decimals that a request can hold",
        event=decimals,
        status=200,
        words='{"predictions":[0.12345679,0.12345679,',
        like=decimals,
        memory=20,
    ),
    *(
        Input(
            name=name,
            event=lambda numbers=numbers: predict(f'{{"instances":[{numbers}]}}'),
            status=200,
            words=f'"predictions": [{answers}',
            like=lambda numbers=numbers: decimals(len(numbers)),
        )
        for name, numbers, answers in (
            ("a number of a million digits", "1" * 1_000_000, "Infinity"),
            ("a decimal of two million digits", f"0.{'0' * 1_000_000}{'1' * 1_000_000}, NaN", "0.0, NaN"),
        )
    ),
    Input(
        name="data that only begins as gzip does",
        event=lambda: zipped(predict(tensor())) | {"body": base64.b64encode(b"\x1f\x8b gzip").decode()},
        words="The body is damaged gzip data",
    ),
    Input(
        name="gzip data without an end",
        event=lambda: (event := zipped(predict(tensor()))) | {"body": event["body"][:-12]},
        words="The body is damaged gzip data: it ends before its end",
    ),
)
