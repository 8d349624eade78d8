"""FunctionUrl: what stands between callers and one function."""

import pytest

from components.api.cors import ALLOWED_HEADERS, Cors
from components.api.function_url import FunctionUrl, FunctionUrlArgs
from tests.components.api.behind import make_function
from tests.recorder import Recorder, deploy

URL = "aws:lambda/functionUrl:FunctionUrl"


def deployed(**args: object) -> Recorder:
    return deploy(lambda: FunctionUrl("api", FunctionUrlArgs(function=make_function("all"), **args)))


def test_it_leads_to_the_alias_and_asks_for_a_signature_by_default():
    made = deployed().one(URL).inputs
    assert made == {"functionName": "all-1234567", "qualifier": "live", "authorizationType": "AWS_IAM"}


def test_everyone_may_call_only_where_it_is_written():
    assert deployed(auth="none").one(URL).inputs["authorizationType"] == "NONE"


@pytest.mark.parametrize("auth", ["iam", "none"])
def test_it_permits_nothing_by_itself(auth: str):
    assert deployed(auth=auth).of("aws:lambda/permission:Permission") == []


def test_pages_that_are_named_may_call():
    cors = deployed(cors=Cors(origins=["https://app.example.com"])).one(URL).inputs["cors"]
    assert cors["allowOrigins"] == ["https://app.example.com"]
    assert cors["allowHeaders"] == sorted(ALLOWED_HEADERS)
    assert cors["allowMethods"] == ["GET", "POST"]


def test_the_address_has_no_slash_at_its_end():
    outputs = deployed().one("tensorflow-lambda:index:FunctionUrl").outputs
    assert outputs["url"] == "https://abcdefghij.lambda-url.eu-central-1.on.aws"
