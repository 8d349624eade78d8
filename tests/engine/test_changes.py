"""What the real engine does with changes of a living stack."""

import pytest

from tests.engine.conftest import succeeded

FUNCTION = "aws:lambda/function:Function"
RECORD = "aws:s3/bucketObjectv2:BucketObjectv2"
"""Of a deployment, in the bucket. Models are objects, too, and no update of settings changes those."""


def types_of(steps) -> set[str]:
    return {step.pulumi_type for step in steps}


def test_more_memory_updates_the_function_in_place_and_moves_its_alias(run, settings):
    before = succeeded(run.stack.up(settings))
    after = succeeded(run.stack.up({"memoryMib": 2048}))
    assert {(step.pulumi_type, step.operation) for step in after.steps if step.operation != "same"} == {
        (FUNCTION, "update"),
        ("aws:lambda/alias:Alias", "update"),
        (RECORD, "update"),
    }
    assert after.outputs["apiUrl"] == before.outputs["apiUrl"]
    [function] = run.account.invocations.functions()
    assert (function.memory_mib, function.version) == (2048, "2")


def test_a_gradual_delivery_moves_the_alias_to_the_new_version(run, settings):
    succeeded(run.stack.up({**settings, "delivery": "canary10Percent5Minutes", "monitoring": True}))
    succeeded(run.stack.up({"memoryMib": 2048}))
    [function] = [each for each in run.account.invocations.functions() if each.memory_mib == 2048]
    alias = run.account.client("lambda").get_alias(FunctionName=function.name, Name="live")
    assert alias["FunctionVersion"] == "2"
    assert succeeded(run.stack.up()).quiet


def test_a_preview_of_more_memory_does_not_know_the_version(run, settings):
    succeeded(run.stack.up(settings))
    preview = succeeded(run.stack.preview({"memoryMib": 2048}))
    [alias] = [step for step in preview.of("update") if step.pulumi_type == "aws:lambda/alias:Alias"]
    assert alias.changed == ("functionVersion",)
    [function] = run.account.invocations.functions()
    assert function.memory_mib != 2048


def test_a_key_replaces_what_cannot_be_encrypted_anew(run, settings):
    key = run.account.client("kms").create_key()["KeyMetadata"]["Arn"]
    succeeded(run.stack.up({**settings, "storage": "efs"}))
    preview = succeeded(run.stack.preview({"kmsKeyArn": key}))
    replaced = types_of(preview.of("replace"))
    assert {"aws:efs/fileSystem:FileSystem", "aws:ecr/repository:Repository"} <= replaced
    assert FUNCTION not in replaced
    assert "aws:s3/bucket:Bucket" not in replaced


def test_a_bucket_that_keeps_its_models_stops_a_destruction_before_anything_is_deleted(run, settings):
    made = succeeded(run.stack.up({**settings, "deleteModelsOnDestroy": False}))
    refused = run.stack.destroy()
    assert not refused.succeeded
    assert any("protect" in error for error in refused.errors)
    assert succeeded(run.stack.refresh()).changes["same"] == made.changes["create"]


def test_what_somebody_changed_is_found_by_a_refresh_and_put_back_by_the_next_update(run, settings):
    succeeded(run.stack.up(settings))
    [function] = run.account.invocations.functions()
    lambda_ = run.account.client("lambda")
    lambda_.update_function_configuration(FunctionName=function.name, MemorySize=512)
    found = succeeded(run.stack.refresh())
    assert types_of(found.of("refresh", "update")) >= {FUNCTION}
    assert found.changes["update"] == 1
    put_back = succeeded(run.stack.up())
    assert FUNCTION in types_of(put_back.of("update"))
    memory = lambda_.get_function_configuration(FunctionName=function.name)["MemorySize"]
    assert memory == function.memory_mib


def test_what_somebody_deleted_is_made_again(run, settings):
    succeeded(run.stack.up(settings))
    [alarm] = run.account.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"][:1]
    run.account.client("logs").delete_log_group(logGroupName=alarm["logGroupName"])
    assert succeeded(run.stack.refresh()).changes["delete"] == 1
    again = succeeded(run.stack.up())
    assert "aws:cloudwatch/logGroup:LogGroup" in types_of(again.of("create"))


@pytest.mark.parametrize("engines", [3])
def test_engines_one_after_another_work_on_one_provider(program, engines):
    stack = program("import pulumi_aws as aws\naws.sqs.Queue('letters')")
    succeeded(stack.up())
    for _ in range(engines):
        assert succeeded(stack.up()).quiet
    succeeded(stack.destroy())


def test_an_unknown_type_is_refused_by_name_with_the_file_to_add_it_to(program):
    stack = program("import pulumi_aws as aws\naws.dynamodb.Table('letters', hash_key='k', attributes=[])")
    refused = stack.preview()
    assert not refused.succeeded
    [error] = [each for each in refused.errors if "aws:dynamodb/table:Table" in each]
    assert "'letters'" in error
    assert "local/resources/dynamodb.py" in error


def test_a_refusal_comes_in_the_words_of_aws(program):
    stack = program(
        """
        import pulumi
        import pulumi_aws as aws
        first = aws.s3.Bucket("first", bucket="only-one-of-this-name")
        aws.s3.Bucket("second", bucket="only-one-of-this-name", opts=pulumi.ResourceOptions(depends_on=[first]))
        """
    )
    refused = stack.up()
    assert any("(BucketAlreadyOwnedByYou) when calling the CreateBucket" in error for error in refused.errors)


def test_a_name_that_the_program_chose_is_free_before_a_replacement_takes_it(program):
    source = """
        import pulumi_aws as aws
        aws.cloudwatch.LogGroup("logs", name="/one/name", log_group_class="STANDARD")
        """
    succeeded(program(source).up())
    replaced = succeeded(program(source.replace("STANDARD", "INFREQUENT_ACCESS")).up())
    operations = [step.operation for step in replaced.steps if step.pulumi_type == "aws:cloudwatch/logGroup:LogGroup"]
    assert operations.index("delete-replaced") < operations.index("create-replacement")
