"""Answers that are larger where the runtime sends them than where they are made, or than can be sent at all."""

from typing import Any

from tests.hardening.events import filled, infer, predict, tensor
from tests.hardening.inputs import Input

TOO_LARGE = "The answer takes"


def text(characters: str) -> Any:
    return predict({"instances": [characters]}, "string")


def direct(model: str, instances: Any) -> Any:
    return {"model": model, "instances": instances}


INPUTS = (
    *(
        Input(
            name=f"an answer of {title}",
            event=lambda answer=answer: text(answer),
            like=lambda answer=answer: text("e" * len(answer.encode())),
            status=413,
            words=TOO_LARGE,
            memory=16,
        )
        for title, answer in (
            ("accented letters, which the runtime writes with six bytes each", "é" * 1_100_000),
            ("quotes, which the runtime writes with four bytes each", '"' * 1_600_000),
            ("deletion characters, which the runtime writes with six bytes each", "\x7f" * 1_100_000),
        )
    ),
    Input(
        name="an answer of accented letters that just fits",
        event=lambda: text("é" * 1_040_000),
        like=lambda: text("e" * 2_080_000),
        status=200,
        memory=16,
    ),
    Input(
        name="a direct invocation's answer, between whose elements the runtime writes spaces",
        event=lambda: direct("int8", [1] * 2_500_000),
        like=lambda: predict({"inputs": [1] * 2_500_000}, "int8"),
        status=413,
        words=TOO_LARGE,
        memory=40,
    ),
    Input(
        name="a direct invocation's answer of accented letters",
        event=lambda: direct("string", ["é" * 1_100_000]),
        like=lambda: text("e" * 2_200_000),
        status=413,
        words=TOO_LARGE,
        memory=16,
    ),
    Input(
        name="an answer of thirty million zeros",
        event=lambda: predict({"instances": [1.0] * 30_000}, "repeat"),
        like=lambda: predict({"instances": [1.0] * 30_000}),
        status=413,
        words=TOO_LARGE,
        memory=1200,  # what the model itself answers with
    ),
    Input(
        name="an answer of thirty million zeros in binary form",
        event=lambda: infer(
            {
                **tensor(shape=[30_000], data=[1.0] * 30_000),
                "parameters": {"binary_data_output": True},
            },
            "repeat",
        ),
        like=lambda: predict({"instances": [1.0] * 30_000}),
        status=413,
        words=TOO_LARGE,
        memory=1200,
    ),
    Input(
        name="an answer of numbers that are not finite",
        event=lambda: predict(filled('{"instances":[', "NaN,Infinity,-Infinity,", "]}", 4_000_000)),
        like=lambda: predict(filled('{"instances":[', "0.125,", "]}", 4_000_000)),
        status=200,
        words="[NaN,Infinity,-Infinity,NaN,",
        memory=40,
    ),
    Input(
        name="rows of two outputs that are not finite",
        event=lambda: predict(filled('{"instances":[', '{"a":NaN,"b":1},', "]}", 2_400_000), "pair"),
        like=lambda: predict(filled('{"instances":[', '{"a":1.5,"b":1},', "]}", 2_400_000), "pair"),
        status=200,
        words='[{"sum":NaN,"twice":2},{"sum":NaN,"twice":2},',
        memory=40,
    ),
    Input(
        name="an engine's message that repeats 320,000 characters of the caller's",
        event=lambda: predict({"instances": ["{{function_node " * 20_000]}, "quote"),
        like=lambda: predict({"instances": ["{{function_node " * 20_000]}, "string"),
        words="The model refused the input 'x' of shape [1]: StringToNumberOp could not convert string: ",
        memory=8,
    ),
)
