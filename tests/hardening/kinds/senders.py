"""Events that lack what others have, of every kind of sender."""

from typing import Any

from tests.hardening.events import JSON_HEADERS, http, predict
from tests.hardening.inputs import Input

BODY = '{"instances":[1.0]}'
ANSWER = '"predictions": [1.0'
REST = {"httpMethod": "POST", "path": "/v1/models/float32:predict", "headers": JSON_HEADERS, "body": BODY}
BALANCER = {
    "httpMethod": "POST",
    "path": "/v1/models/float32:predict",
    "requestContext": {
        "elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/t/1"}
    },
    "multiValueHeaders": {"content-type": ["application/json"]},
    "body": BODY,
    "isBase64Encoded": False,
}
DIRECT = {"model": "float32", "instances": [1.0]}


def without(event: Any, *keys: str) -> Any:
    return {key: value for key, value in event.items() if key not in keys}


NEITHER = "The event is neither an HTTP request nor a direct invocation"

INPUTS = (
    *(
        Input(name=f"the event {title}", event=lambda event=event: event, words=NEITHER)
        for title, event in (
            ("[]", []),
            ("null", None),
            ("3", 3),
            ("true", True),
            ("of text", "x"),
            ("{}", {}),
            ("of a list of events", [DIRECT]),
            ("with a model that is no text", {"model": 3}),
            ("of a web socket", {"requestContext": {"connectionId": "1"}}),
            ("with a context that is no object", {"requestContext": 3}),
        )
    ),
    *(
        Input(
            name=f"an HTTP event {title}",
            event=lambda changes=changes: predict(BODY) | changes,
            status=200,
            words=ANSWER,
        )
        for title, changes in (
            ("with null headers", {"headers": None}),
            ("with a header that is a number", {"headers": {"content-length": 3}}),
            ("with a stage that is null", {"requestContext": {"http": {"method": "POST"}, "stage": None}}),
            ("without a stage", {"requestContext": {"http": {"method": "POST"}}}),
        )
    ),
    Input(
        name="an HTTP event without headers", event=lambda: without(predict(BODY), "headers"), status=200, words=ANSWER
    ),
    *(
        Input(name=f"an HTTP event {title}", event=lambda event=event: event, words=words)
        for title, event, words in (
            ("without a path", without(predict(BODY), "rawPath"), "The event's 'rawPath' is null; it must be text"),
            ("without a method", predict(BODY) | {"requestContext": {"http": {}}}, "The event's 'method' is null"),
            (
                "with a context of null",
                predict(BODY) | {"requestContext": {"http": None}},
                "The event's 'method' is null",
            ),
            ("with headers that are a list", predict(BODY) | {"headers": ["a"]}, "The event's 'headers' is"),
            ("with a body that is an object", predict(BODY) | {"body": {"instances": [1]}}, "The event's 'body' is"),
            ("without a body", predict(BODY) | {"body": None}, "The document is empty"),
        )
    ),
    *(
        Input(name=f"a REST event {title}", event=lambda event=event: event, status=200, words=ANSWER)
        for title, event in (
            ("as it is", REST),
            ("with null headers", REST | {"headers": None, "multiValueHeaders": None}),
            ("without a context", without(REST, "headers")),
            ("with a context of null", REST | {"requestContext": None}),
        )
    ),
    Input(name="a REST event without a path", event=lambda: without(REST, "path"), words="The event's 'path' is null"),
    Input(
        name="a REST event with a method of null",
        event=lambda: REST | {"httpMethod": None},
        words="'httpMethod' is null",
    ),
    *(
        Input(name=f"a load balancer's event {title}", event=lambda event=event: event, status=200, words=ANSWER)
        for title, event in (
            ("with lists of headers", BALANCER),
            ("with single headers", without(BALANCER, "multiValueHeaders") | {"headers": JSON_HEADERS}),
            ("with headers of null", BALANCER | {"multiValueHeaders": None}),
            ("with a header that is no list", BALANCER | {"multiValueHeaders": {"content-type": "application/json"}}),
        )
    ),
    Input(
        name="a load balancer's event whose lists of headers say br",
        event=lambda: BALANCER | {"multiValueHeaders": {"Content-Encoding": ["br"]}},
        words="Unsupported content-encoding 'br'",
    ),
    Input(
        name="a load balancer's event with headers that are a list",
        event=lambda: BALANCER | {"multiValueHeaders": ["a"]},
        words="The event's 'multiValueHeaders' is",
    ),
    Input(
        name="a direct invocation with a version",
        event=lambda: DIRECT | {"version": 1},
        status=200,
        words='"predictions": [1.0]',
    ),
    *(
        Input(
            name=f"a direct invocation with {title}",
            event=lambda changes=changes: DIRECT | changes,
            status=status,
            words=words,
        )
        for title, changes, status, words in (
            ("a label that does not exist", {"label": "canary"}, 400, "Unrecognized servable version label: canary"),
            (
                "a version that does not exist",
                {"version": 7},
                404,
                "Servable not found for request: Specific(float32, 7)",
            ),
            ("a version and a label", {"version": 1, "label": "a"}, 400, "'version' and 'label' are both set"),
            ("a label that is a number", {"label": 3}, 400, "'label' is 3; it must be text"),
            ("an empty label", {"label": ""}, 400, "Malformed request"),
            ("a version that is true", {"version": True}, 400, "'version' is true; it must be an integer"),
            ("a version of 5,000 digits", {"version": 10**5000}, 400, "a value that JSON cannot hold"),
            ("a value of 5,000 digits", {"other": 10**5000}, 400, "a value that JSON cannot hold"),
            ("a model of no characters", {"model": ""}, 400, "Malformed request"),
            ("a model with slashes", {"model": "../a/b"}, 404, "Latest(../a/b)"),
        )
    ),
    Input(
        name="a question for classes",
        event=lambda: http("/v1/models/float32:classify", "{}"),
        status=501,
        words="classify is not served",
    ),
    Input(
        name="a decimal of two bytes asked for as JSON",
        event=lambda: http(
            "/v2/models/float16/infer",
            b'{"inputs":[{"name":"x","datatype":"FP16","shape":[1],"parameters":{"binary_data_size":2}}]}\0\0',
            {"inference-header-content-length": "91"},
        ),
        words="sending FP16 data via JSON is not supported. Please use the binary data format for output y",
    ),
)
