"""Values of another type than is expected, and numbers that are no number for Python."""

from typing import Any

from tests.hardening.events import http, infer, infer_binary, predict, raw, tensor
from tests.hardening.inputs import Input


def headed(length: str) -> Any:
    return http("/v2/models/float32/infer", "{}", {"inference-header-content-length": length})


INPUTS = (
    *(
        Input(
            name=f"a signature's name that is {title}",
            event=lambda value=value: predict({"signature_name": value, "instances": [1]}),
            words="'signature_name' key must be a string value",
        )
        for title, value in (("a list", []), ("an object", {}), ("a number", 3), ("null", None))
    ),
    *(
        Input(
            name=f"a signature's name of an inference that is {title}",
            event=lambda value=value: infer({"parameters": {"signature_name": value}, **tensor()}),
            words="Unable to parse 'signature_name': it is",
        )
        for title, value in (("a list", []), ("an object", {}), ("a number", 3))
    ),
    *(
        Input(
            name=f"an id that is {title}",
            event=lambda value=value: infer({"id": value, **tensor()}),
            words="Unable to parse 'id': it is",
        )
        for title, value in (("a list", []), ("an object", {}), ("a number", 3))
    ),
    *(
        Input(
            name=f"a header length that is {title}",
            event=lambda length=length: headed(length),
            words="inference header size should be in range (0, 2), got: ",
        )
        for title, length in (
            ("a number of 5,000 digits", "9" * 5000),
            ("negative", "-1"),
            ("a decimal", "1.5"),
            ("a digit beyond ASCII", "²"),
            ("too large by one", "3"),
            ("empty", ""),
        )
    ),
    Input(
        name="null for everything that may be left out",
        event=lambda: infer(
            {
                "id": None,
                "parameters": None,
                "inputs": [{"name": "x", "datatype": "FP32", "shape": [1], "parameters": None, "data": [1.0]}],
                "outputs": None,
            }
        ),
        status=200,
        words='"data":[1.0]',
    ),
    Input(
        name="null in parameters",
        event=lambda: infer(
            {
                "parameters": {"signature_name": None, "binary_data_output": None},
                "outputs": [{"name": "y", "parameters": {"binary_data": None, "classification": None}}],
                **tensor(parameters={"binary_data_size": None, "content_type": None}),
            }
        ),
        status=200,
        words='"data":[1.0]',
    ),
    Input(
        name="null for data beside bytes",
        event=lambda: infer_binary({"inputs": [raw("FP32", [1], 4)["inputs"][0] | {"data": None}]}, b"\0\0\x80?"),
        status=200,
        words='"data":[1.0]',
    ),
    *(
        Input(
            name=f"parameters that are {title}",
            event=lambda value=value: infer({"parameters": value, **tensor()}),
            words="'parameters' is",
        )
        for title, value in (("a list", []), ("a text", "x"), ("a number", 0))
    ),
    *(
        Input(
            name=f"a size of bytes that is {title}",
            event=lambda value=value: infer(tensor(parameters={"binary_data_size": value}, data=None)),
            words="unexpected size for input 'x', expecting",
        )
        for title, value in (
            ("a list", []),
            ("a text", "4"),
            ("true", True),
            ("negative", -1),
            ("a decimal", 4.0),
            ("huge", 10**30),
        )
    ),
    *(
        Input(
            name=f"a shape that is {title}",
            event=lambda value=value: infer(tensor(shape=value)),
            words="Unable to parse 'shape' of input 'x'",
        )
        for title, value in (
            ("null", None),
            ("a number", 1),
            ("an object", {}),
            ("of true", [True]),
            ("of decimals", [1.0]),
            ("negative", [-1]),
        )
    ),
    Input(
        name="bytes for true that are neither 0 nor 1",
        status=200,
        words='"data":[true,false,true]',
        event=lambda: infer_binary(raw("BOOL", [3], 3), b"\xff\0\2", "bool"),
    ),
    Input(
        name="a version of 5,000 digits",
        event=lambda: http(f"/v1/models/float32/versions/{'9' * 5000}:predict", "{}"),
        words="Failed to convert version: 999",
    ),
    Input(
        name="a version of 5,000 digits in an inference",
        event=lambda: http(f"/v2/models/float32/versions/{'9' * 5000}/infer", "{}"),
        words="failed to get model version from specified version string",
    ),
    Input(
        name="a path of five million characters",
        event=lambda: http(f"/v1/models/{'a' * 5_000_000}:predict", "{}"),
        status=404,
        words="Servable not found for request: Latest(aaa",
        like=lambda: predict(f'{{"inputs":[1],"other":"{"a" * 5_000_000}"}}'),
    ),
    Input(
        name="names of five million characters",
        event=lambda: infer({"inputs": [{"name": "a" * 5_000_000}]}),
        words="unexpected inference input 'aaa",
        like=lambda: predict(f'{{"inputs":[1],"other":"{"a" * 5_000_000}"}}'),
        memory=8,
    ),
)
