"""The policy pack under Pulumi's own engine, which starts it as a program and shows it every resource of a preview.

A CLI with its Python language host starts `policy/` by itself (`pulumi preview --policy-pack policy`).
"""

from pathlib import Path

import pytest

from tests.engine.conftest import succeeded
from tests.policy.conftest import PACK, python_of_the_pack


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A program that serves the pack to the engine whose address is its argument."""
    script = tmp_path / "pack"
    script.write_text(f'#!/bin/sh\ncd "{PACK}"\nexec "{python_of_the_pack()}" -u -m pulumi.policy "$1" .\n')
    script.chmod(0o755)
    return script


@pytest.mark.parametrize(
    "shape",
    [
        {"storage": "efs", "mode": "single", "monitoring": True, "delivery": "canary10Percent5Minutes"},
        pytest.param({"storage": "s3files", "mode": "multi", "api": "rest"}, marks=pytest.mark.whole),
    ],
    ids=["efs", "s3files"],
)
def test_a_stack_passes_before_it_is_made_and_while_it_lives(run, settings, pack, shape):
    foreseen = succeeded(run.stack.preview({**settings, **shape}, policy_packs=[pack]))
    assert foreseen.changes == succeeded(run.stack.up()).changes
    assert succeeded(run.stack.preview(policy_packs=[pack])).quiet


def test_a_breach_of_one_resource_and_one_between_resources_stop_a_preview(program, pack):
    stack = program(
        """
        import pulumi_aws as aws
        aws.s3.Bucket("models")
        certificate = "arn:aws:acm:eu-central-1:000000000000:certificate/0a"
        old = {"certificate_arn": certificate, "endpoint_type": "REGIONAL", "security_policy": "TLS_1_0"}
        aws.apigatewayv2.DomainName("name", domain_name="models.example.com", domain_name_configuration=old)
        """
    )
    refused = stack.preview(policy_packs=[pack])
    assert not refused.succeeded
    said = "\n".join(refused.errors)
    assert "name: the security policy must be TLS_1_2 or newer, not TLS_1_0" in said
    assert "models: the bucket lacks versioning" in said
    assert succeeded(stack.preview())
