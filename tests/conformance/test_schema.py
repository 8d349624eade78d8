"""The OpenAPI document is valid, and every generated request is answered with a status that it names."""

import pytest

from tests.conformance.schema import ask

pytestmark = [pytest.mark.index, pytest.mark.timeout(900)]


@pytest.mark.parametrize("mode", ["multi", "single"])
def test_every_status_is_documented_and_none_is_the_server_s_fault(sample_stacks, mode):
    found = ask(sample_stacks["http", mode].api_url, 400)
    assert found["wrong"] == []
    assert found["sent"] >= 400
