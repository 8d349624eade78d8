"""One wrong element among very many: finding it takes no longer than reading them."""

from collections.abc import Callable
from typing import Any

from tests.hardening.events import infer, predict
from tests.hardening.inputs import Input

COUNT = 2_000_000
OBJECT, ENCODED = '{"a":1,"b":2},', '{"b64":"YQ=="},'


def digits(last: str, start: str = '{"instances":[', end: str = "]}", model: str = "float32") -> Any:
    return predict(f"{start}{'1,' * COUNT}{last}{end}", model)


def rows(last: str) -> Any:
    return predict(f'{{"instances":[{"[1,2]," * 700_000}{last}]}}')


def objects(last: str) -> Any:
    return predict(f'{{"instances":[{OBJECT * 150_000}{last}]}}', "pair")


def encoded(last: str) -> Any:
    return predict(f'{{"instances":[{ENCODED * 200_000}{last}]}}', "string")


def data(last: str) -> Any:
    return infer(f'{{"inputs":[{{"name":"x","datatype":"FP32","shape":[{COUNT + 1}],"data":[{"1," * COUNT}{last}]}}]}}')


def element(name: str, event: Callable[[], Any], like: Callable[[], Any], words: str) -> Input:
    return Input(name=name, event=event, like=like, words=words, memory=40)


AT_THE_END = f"Failed to process element: {COUNT} of 'instances' list. Error: INVALID_ARGUMENT: "

INPUTS = (
    element(
        "a text after two million numbers",
        lambda: digits('"x"'),
        lambda: digits("1"),
        f'{AT_THE_END}JSON Value: \\"x\\" Type: String is not of expected type: float',
    ),
    element(
        "null after two million numbers", lambda: digits("null"), lambda: digits("1"), f"{AT_THE_END}JSON Value: null"
    ),
    element(
        "true after two million numbers", lambda: digits("true"), lambda: digits("1"), f"{AT_THE_END}JSON Value: true"
    ),
    element(
        "a list after two million numbers",
        lambda: digits("[1,2]"),
        lambda: digits("1"),
        f"{AT_THE_END}Expecting tensor size: 1 but got: 2",
    ),
    element(
        "an object after two million numbers",
        lambda: digits('{"x":1}'),
        lambda: digits("1"),
        f"Expecting value/list but got object at item {COUNT} of input list",
    ),
    element(
        "a number that is too large after two million others",
        lambda: digits("300", model="int8"),
        lambda: digits("1", model="int8"),
        f"{AT_THE_END}JSON Value: 300 Type: Number is not of expected type: int8",
    ),
    element(
        "a decimal after two million integers",
        lambda: digits("1.5", model="int8"),
        lambda: digits("1", model="int8"),
        f"{AT_THE_END}JSON Value: 1.5 Type: Number is not of expected type: int8",
    ),
    element(
        "a text after two million numbers, as columns",
        lambda: digits('"x"', '{"inputs":['),
        lambda: digits("1", '{"inputs":['),
        'JSON Value: \\"x\\" Type: String is not of expected type: float',
    ),
    element(
        "a text after two million numbers in one row",
        lambda: digits('"x"', '{"instances":[[', "]]}"),
        lambda: digits("1", '{"instances":[[', "]]}"),
        "Failed to process element: 0 of 'instances' list. Error: INVALID_ARGUMENT: JSON Value: ",
    ),
    element(
        "a longer row after 700,000 others",
        lambda: rows("[1,2,3]"),
        lambda: rows("[1,2]"),
        "Failed to process element: 700000 of 'instances' list. Error: INVALID_ARGUMENT: Expecting tensor size: 2",
    ),
    element(
        "a row of another shape after 700,000 others",
        lambda: rows("[[1],[2]]"),
        lambda: rows("[1,2]"),
        "Failed to process element: 700000 of 'instances' list. Error: INVALID_ARGUMENT: Expecting shape [2] but got",
    ),
    element(
        "a row with a wrong element after 700,000 others",
        lambda: rows('[1,"x"]'),
        lambda: rows("[1,2]"),
        "Failed to process element: 700000 of 'instances' list. Error: INVALID_ARGUMENT: JSON Value: ",
    ),
    element(
        "an object without a member after 150,000 others",
        lambda: objects('{"a":1}'),
        lambda: objects('{"a":1,"b":2}'),
        "Failed to process element: 150000 of 'instances' list. JSON object: ",
    ),
    element(
        "a wrong member after 150,000 objects",
        lambda: objects('{"a":1,"b":"x"}'),
        lambda: objects('{"a":1,"b":2}'),
        "Failed to process element: 150000 key: b of 'instances' list. Error: INVALID_ARGUMENT: JSON Value: ",
    ),
    element(
        "base64 that is wrong after 200,000 that is right",
        lambda: encoded('{"b64":"*"}'),
        lambda: encoded('{"b64":"YQ=="}'),
        "Failed to process element: 200000 of 'instances' list. Error: INVALID_ARGUMENT: Unable to base64 decode",
    ),
    element(
        "a text after two million elements of data",
        lambda: data('"x"'),
        lambda: data("1"),
        'JSON Value: \\"x\\" Type: String is not of expected type: float',
    ),
)
