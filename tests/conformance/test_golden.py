"""The golden cases of both dialects, through each way in to a stack on this machine."""

from collections.abc import Mapping
from typing import get_args

import pytest

from components.settings.api_settings import ApiKind
from local.stack import LocalStack
from tests.conformance.golden_cases import DIALECTS, Case, ask_of, cases, faults, name_of
from tests.identical.exchange import exchange

CASES = [(dialect, case) for dialect in DIALECTS for case in cases(dialect)]


@pytest.mark.parametrize("api", get_args(ApiKind))
@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[f"{d}, {name_of(case)}" for d, case in CASES])
def test_a_golden_case_is_answered_as_it_should_be(
    golden_stacks: Mapping[str, LocalStack], api: ApiKind, case: Case
) -> None:
    if api == "rest" and not case["path"].startswith(("/v1/", "/v2")):
        pytest.skip("a REST API answers paths that it has no resource for by itself")
    if api == "http" and case["method"] == "OPTIONS":
        pytest.skip("the emulated HTTP API answers OPTIONS itself")
    assert faults(case, exchange(golden_stacks[api].api_url, ask_of(case))) == []


def test_what_differs_from_the_reference_says_why() -> None:
    assert [name_of(case) for _, case in CASES if len(case.get("differs", "reason")) < 6] == []
    assert sum("differs" in case for _, case in CASES) < len(CASES) // 20
