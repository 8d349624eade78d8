"""The real program with a REST API in front of it."""

import json

from local.held_out import read_held_out
from local.stack import local_stack
from tests.identical.asks import asks_of_a_model
from tests.identical.exchange import Ask, exchange

INFER = "/v2/models/iris/infer"


def test_a_rest_api_gives_the_answers_of_an_http_api(repository):
    held_out = read_held_out(repository.parent, "iris")
    asks = [ask for ask in asks_of_a_model(held_out, (held_out.manifest.version,)) if _is_text(ask)]
    config = {"models": '["iris"]', "timeoutSeconds": "28"}
    with local_stack({**config, "api": "http"}) as http, local_stack({**config, "api": "rest"}) as rest:
        assert rest.api_url.endswith("/live")
        for ask in asks:
            assert exchange(rest.api_url, ask) == exchange(http.api_url, ask), ask


def test_a_rest_api_takes_and_gives_bytes(repository):
    held_out = read_held_out(repository.parent, "iris")
    example = held_out.arrays["features"][:2].astype("<f4")
    size = {"binary_data_size": example.nbytes}
    tensor = {"name": "features", "shape": [2, 4], "datatype": "FP32", "parameters": size}
    header = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    headers = {
        "accept": "application/octet-stream",
        "content-type": "application/octet-stream",
        "inference-header-content-length": str(len(header)),
    }
    with local_stack({"models": '["iris"]', "timeoutSeconds": "28", "api": "rest"}) as stack:
        answer = exchange(
            stack.api_url, Ask(method="POST", path=INFER, body=header + example.tobytes(), headers=headers)
        )
    assert answer.status == 200
    length = int(dict(answer.headers)["inference-header-content-length"])
    assert json.loads(answer.body[:length])["outputs"][0]["parameters"] == {"binary_data_size": 24}
    assert len(answer.body) == length + 24


def _is_text(ask: Ask) -> bool:
    """Whether both kinds of API of the emulator hand the body on alike, and give it back without `accept`."""
    return b"binary_data" not in (ask.body or b"") and b"\xff" not in (ask.body or b"")
