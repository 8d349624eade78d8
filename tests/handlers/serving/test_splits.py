"""A split sends each label its share, a caller always to the same one, and nobody to a version that does not load."""

import json
from collections import Counter
from collections.abc import Callable

import pytest

from handlers.checked_json import ManifestError
from handlers.manifest import Pointer
from handlers.manifest_reading import parse_pointer
from handlers.serving.events import Request
from handlers.serving.splits import CALLER_HEADER, label_at, share_of
from handlers.serving.stores import StoreError
from tests.handlers.serving.conftest import Server, half_plus

LABELS = {"stable": 1, "canary": 2}
PATH = "/v1/models/m:predict"


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    made = serve({"m": {1: half_plus(2), 2: half_plus(3)}})
    made.store.pointers["m"] = Pointer(version=1, labels=LABELS, splits={"current": {"stable": 90, "canary": 10}})
    return made


def version_for(server: Server, caller: str, path: str = PATH) -> int:
    answer = server.ask("POST", path, {"instances": [0.0]}, headers={CALLER_HEADER: caller})
    assert answer["statusCode"] == 200, answer
    return {2.0: 1, 3.0: 2}[json.loads(answer["body"])["predictions"][0]]


def test_each_label_gets_its_share_of_callers(server: Server) -> None:
    seen = Counter(version_for(server, f"caller {number}") for number in range(2000))
    assert 140 < seen[2] < 260


def test_a_caller_always_gets_the_same_version(server: Server) -> None:
    for number in range(20):
        assert len({version_for(server, f"caller {number}") for _ in range(5)}) == 1


def test_equal_requests_without_a_caller_get_the_same_version_and_others_do_not(server: Server) -> None:
    shares = [share_of(Request("POST", PATH, body=b"%d" % number), "m") for number in range(1000)]
    assert len(set(shares)) == 1000
    assert 60 < sum(label_at({"stable": 90, "canary": 10}, share) == "canary" for share in shares) < 140
    assert share_of(Request("POST", PATH, body=b"7"), "m") == shares[7]


def test_another_model_has_other_canary_callers() -> None:
    request = Request("POST", PATH, {CALLER_HEADER: "somebody"})
    assert share_of(request, "m") != share_of(request, "n")


def test_a_growing_canary_keeps_its_callers() -> None:
    for number in range(1000):
        share = number / 1000
        if label_at({"stable": 90, "canary": 10}, share) == "canary":
            assert label_at({"stable": 60, "canary": 40}, share) == "canary"


@pytest.mark.parametrize("share", [0.0, 0.5, 1 - 2**-53, 1.0])
def test_a_label_without_weight_gets_nothing(share: float) -> None:
    assert label_at({"none": 0, "all": 3, "nothing": 0}, share) == "all"


def test_a_split_may_have_a_name_that_requests_use_as_a_label(server: Server) -> None:
    server.store.pointers["m"] = Pointer(version=1, labels=LABELS, splits={"live": {"stable": 0, "canary": 1}})
    assert version_for(server, "somebody", "/v1/models/m/labels/live:predict") == 2
    assert version_for(server, "somebody") == 1


def test_a_canary_that_does_not_load_is_not_served(server: Server) -> None:
    server.failing["m/2"] = StoreError("damaged")
    assert {version_for(server, f"caller {number}") for number in range(100)} == {1}


def test_a_stable_version_that_does_not_load_leaves_the_canary(server: Server) -> None:
    server.failing["m/1"] = StoreError("damaged")
    assert {version_for(server, f"caller {number}") for number in range(20)} == {2}


def test_a_line_of_a_split_request_has_metrics_by_label_and_version_whatever_else_is_written(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.store.pointers["m"] = Pointer(version=1, labels=LABELS, splits={"current": {"canary": 1}})
    version_for(server, "somebody")
    server.ask("POST", "/v1/models/m/versions/1:predict", {"instances": [0.0]})
    split, named = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    [declared] = split["_aws"]["CloudWatchMetrics"]
    assert declared["Dimensions"] == [["FunctionName", "Model", "Label", "Version"]]
    assert [each["Name"] for each in declared["Metrics"]] == ["Requests", "ServerErrors", "PredictTime"]
    assert (split["Label"], split["Version"]) == ("canary", "2")
    assert "_aws" not in named
    assert "Label" not in named


def test_a_pointer_with_splits_is_read_as_it_was_written() -> None:
    pointer = Pointer(version=1, labels=LABELS, splits={"current": {"stable": 90, "canary": 10}})
    assert parse_pointer(pointer.to_json()) == pointer
    assert list(parse_pointer(pointer.to_json()).splits["current"]) == ["stable", "canary"]


@pytest.mark.parametrize(
    ("splits", "said"),
    [
        ({"current": {"absent": 1}}, "'absent', which is no label"),
        ({"current": {"stable": 0}}, "without weight"),
        ({"current": {}}, "without weight"),
        ({"current": {"stable": -1}}, "allowed is an integer from 0 up"),
        ({"stable": {"canary": 1}}, "'stable' as a label and as a split"),
        ({"current": 3}, "must be an object"),
        ([], "must be an object"),
    ],
)
def test_a_malformed_split_is_refused(splits: object, said: str) -> None:
    with pytest.raises(ManifestError, match=said):
        parse_pointer(json.dumps({"version": 1, "labels": LABELS, "splits": splits}))
