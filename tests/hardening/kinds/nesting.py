"""Values that are nested deeper than any tensor, or than a recursion can go."""

import json
from typing import Any

from tests.hardening.events import http, infer, predict, tensor
from tests.hardening.inputs import Input


def deep(levels: int, inner: str = "1") -> str:
    return f"{'[' * levels}{inner}{']' * levels}"


def ragged(levels: int) -> str:
    return f"{'[' * levels}1{',[1]]' * levels}"


def where(document: Any, levels: int) -> str:
    """The text of a document in which a deep value stands for "HERE"."""
    return json.dumps(document).replace('"HERE"', deep(levels))


def direct(levels: int) -> Any:
    value: Any = 1.0
    for _ in range(levels):
        value = [value]
    return {"model": "float32", "inputs": value}


OBJECT = '{"a":'
TOO_DEEP = "Lists are nested more than 64 deep"

INPUTS = (
    Input(name="lists 64 deep", event=lambda: predict(f'{{"inputs":{deep(64)}}}'), status=200),
    Input(name="data 900 deep", event=lambda: infer(where(tensor(data="HERE"), 900)), words=TOO_DEEP),
    *(
        Input(name=name, event=lambda body=body: predict(body), words=words)
        for name, body, words in (
            ("lists 65 deep", f'{{"inputs":{deep(65)}}}', TOO_DEEP),
            ("rows 64 deep", f'{{"instances":{deep(65)}}}', TOO_DEEP),
            ("lists 900 deep", f'{{"inputs":{deep(900)}}}', TOO_DEEP),
            (
                "ragged lists 900 deep",
                f'{{"inputs":{ragged(900)}}}',
                "Encountered list at unexpected size: 1 at level: 1 expected size: 2",
            ),
            (
                "ragged rows 900 deep",
                f'{{"instances":{ragged(900)}}}',
                "Failed to process element: 0 of 'instances' list",
            ),
            (
                "a signature's name 254 deep",
                f'{{"signature_name":{deep(254)},"instances":[1]}}',
                "'signature_name' key must be a string value",
            ),
        )
    ),
    Input(
        name="lists 65 deep in one of many rows",
        event=lambda: predict(f'{{"instances":[{"1," * 10_000}{deep(900)}]}}'),
        words="Failed to process element: 10000 of 'instances' list",
        like=lambda: predict({"instances": [1] * 10_000}),
    ),
    *(
        Input(name=f"{title}, 900 deep", event=lambda body=body: infer(where(body, 900)), words=words)
        for title, body, words in (
            ("an id", {"id": "HERE", **tensor()}, "Unable to parse 'id'"),
            ("a datatype", tensor(datatype="HERE"), "inference input 'x' data-type is"),
            ("a shape", tensor(shape=["HERE"]), "Unable to parse 'shape'"),
            ("parameters", {"parameters": "HERE", **tensor()}, "'parameters' is [["),
            (
                "a signature's name",
                {"parameters": {"signature_name": "HERE"}, **tensor()},
                "Unable to parse 'signature_name'",
            ),
            ("a size", tensor(parameters={"binary_data_size": "HERE"}, data=None), "unexpected size for input 'x'"),
            ("an output", {"outputs": ["HERE"], **tensor()}, "'outputs' must be a list of objects"),
        )
    ),
    Input(
        name="an unknown member 1000 deep",
        event=lambda: predict(f'{{"other":{deep(1000)},"instances":[1]}}'),
        status=200,
    ),
    *(
        Input(
            name=f"{title}, 100,000 deep",
            event=lambda text=text: http("/v1/models/float32:predict", text),
            words="JSON Parse error",
            like=lambda: predict({"instances": [1] * 50_000}),
            memory=30,
        )
        for title, text in (
            ("lists", f'{{"inputs":{deep(100_000)}}}'),
            ("objects", OBJECT * 100_000 + "1" + "}" * 100_000),
            ("lists that never end", f'{{"inputs":{"[" * 100_000}'),
        )
    ),
    Input(name="a direct invocation 900 deep", event=lambda: direct(900), words=TOO_DEEP),
    Input(
        name="a direct invocation 100,000 deep", event=lambda: direct(100_000), words="nested too deeply", memory=1e4
    ),
)
