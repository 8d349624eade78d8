"""Text that is no text: halves of surrogate pairs, bytes that are not UTF-8, base64 in several forms."""

from typing import Any

from tests.hardening.events import http, infer, predict, zipped
from tests.hardening.inputs import Input

HALF = "\ud800"
ESCAPED = r'"\ud800"'
NO_PAIR = "The surrogate pair in string is invalid."
NOT_JSON = "a value that JSON cannot hold"


def base64_lines() -> Any:
    return predict({"instances": [{"b64": "aGVs\nbG8g\r\nd29y\nbGQ=\n"}]}, "string")


INPUTS = (
    *(
        Input(name=f"half of a surrogate pair in {title}", event=event, words=NO_PAIR)
        for title, event in (
            ("a signature", lambda: predict(f'{{"signature_name":{ESCAPED},"instances":[1]}}')),
            ("a value", lambda: predict(f'{{"instances":[{ESCAPED}]}}', "string")),
            ("a base64 value", lambda: predict(f'{{"instances":[{{"b64":{ESCAPED}}}]}}', "string")),
            ("a name", lambda: predict(f'{{"inputs":{{{ESCAPED}:[1]}}}}')),
            ("a member that is ignored", lambda: predict(f'{{"other":{ESCAPED},"instances":[1]}}')),
            ("a value beside NaN", lambda: predict(f'{{"instances":[NaN],"other":{ESCAPED}}}')),
            ("an id", lambda: infer(f'{{"id":{ESCAPED},"inputs":[]}}')),
            ("an input's name", lambda: infer(f'{{"inputs":[{{"name":{ESCAPED}}}]}}')),
            ("a signature of an inference", lambda: infer(f'{{"parameters":{{"signature_name":{ESCAPED}}}}}')),
            ("the end of a value", lambda: predict(r'{"instances":["x\udc00"]}', "string")),
            ("a value of a direct invocation", lambda: {"model": "string", "instances": [HALF]}),
        )
    ),
    Input(
        name="a whole surrogate pair beside NaN",
        event=lambda: predict(r'{"instances":["\ud83d\ude00 \\ud800"], "other":NaN}', "string"),
        status=200,
        words=r"😀 \\ud800",
    ),
    *(
        Input(name=f"half of a surrogate pair in {title}", event=event, status=status, words=words)
        for title, event, status, words in (
            ("the model of a direct invocation", lambda: {"model": HALF, "instances": [1]}, 400, NOT_JSON),
            (
                "the label of a direct invocation",
                lambda: {"model": "float32", "label": HALF, "instances": [1]},
                400,
                NOT_JSON,
            ),
            ("a path", lambda: predict("{}", HALF), 404, "Servable not found for request: Latest(?)"),
            (
                "a method",
                lambda: http("/v1/models/float32", "", method=HALF),
                400,
                "Malformed request: ? /v1/models/float32",
            ),
            (
                "a body",
                lambda: predict(f'{{"instances":["{HALF}"]}}'),
                400,
                "The event's 'body' holds half of a surrogate pair",
            ),
            (
                "a header",
                lambda: http("/v2/models/float32/infer", "{}", {"inference-header-content-length": HALF}),
                400,
                "inference header size should be in range (0, 2), got: ?",
            ),
            (
                "the encoding",
                lambda: http("/v1/models/float32:predict", "{}", {"content-encoding": HALF}),
                400,
                "Unsupported content-encoding",
            ),
        )
    ),
    Input(
        name="bytes that are not UTF-8",
        event=lambda: http("/v1/models/float32:predict", b'{"instances": ["\xff"]}'),
        words="JSON Parse error: Invalid encoding in string. at offset: 16",
    ),
    Input(name="base64 with line breaks", event=base64_lines, status=200, words='["hello world"'),
    Input(
        name="base64 with letters beyond ASCII",
        event=lambda: predict({"instances": [{"b64": "aGVsbG8é"}]}, "string"),
        words="Unable to base64 decode",
    ),
    Input(
        name="a body of base64 with line breaks",
        event=lambda: (event := zipped(predict({"instances": [1]}))) | {"body": "\r\n".join(event["body"])},
        status=200,
        words='"predictions": [1.0',
    ),
    Input(
        name="a body that is not the base64 that its event says",
        event=lambda: predict({}) | {"isBase64Encoded": True},
        words="The event says that its body is base64, but",
    ),
    Input(
        name="three million escapes of surrogate pairs",
        event=lambda: predict(r'{"instances":["' + r"\ud83d\ude00" * 240_000 + r'\ud800"]}', "string"),
        words=NO_PAIR,
        like=lambda: predict(r'{"instances":["' + r"\ud83d\ude00" * 240_000 + r'"],"other":NaN}', "string"),
        memory=12,
    ),
)
