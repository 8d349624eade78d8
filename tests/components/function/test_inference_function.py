import json

import pulumi
import pulumi_aws as aws
import pytest

from components import iam
from components.function.inference_function import InferenceFunction, InferenceFunctionArgs
from components.model_source import ModelBinding, Mount, Network
from tests.recorder import IMAGE, Recorder, deploy

FUNCTION = "aws:lambda/function:Function"


class Shelf:
    """A source that counts how often it was asked."""

    def __init__(self, **binding: object) -> None:
        self.asked: list[list[str] | None] = []
        self._binding = ModelBinding(store_uri="file:///shelf", **binding)

    def binding(self, models: list[str] | None) -> ModelBinding:
        self.asked.append(models)
        return self._binding


def deploy_function(source: Shelf | None = None, **args: object) -> Recorder:
    arguments = {"image_uri": IMAGE, "handler": "handlers.multi_model.handler", "models": ["digits", "iris"]}

    def program() -> None:
        InferenceFunction("serve", InferenceFunctionArgs(**{**arguments, "source": source or Shelf(), **args}))

    return deploy(program)


def statements(recorder: Recorder) -> list[dict[str, object]]:
    return json.loads(recorder.one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])["Statement"]


def test_a_function_is_told_its_store_and_its_models():
    variables = deploy_function().one(FUNCTION).inputs["environment"]["variables"]
    assert variables == {"MODEL_STORE_URI": "file:///shelf", "MODEL_NAMES": "digits,iris"}


def test_a_function_is_told_what_it_lists_besides_its_own_models():
    variables = (
        deploy_function(listed_models=["digits", "iris", "wine"]).one(FUNCTION).inputs["environment"]["variables"]
    )
    assert variables["LISTED_MODELS"] == "digits,iris,wine"


def test_a_function_is_told_how_much_it_may_keep():
    variables = deploy_function(model_cache_mib=256).one(FUNCTION).inputs["environment"]["variables"]
    assert variables["MODEL_CACHE_BYTES"] == str(256 * 1024 * 1024)


def test_a_function_is_told_which_pages_may_read_its_answers():
    pages = {"cors_origins": ["https://a.example.com", "https://b.example.com"], "cors_credentials": True}
    variables = deploy_function(**pages).one(FUNCTION).inputs["environment"]["variables"]
    assert variables["CORS_ORIGINS"] == "https://a.example.com,https://b.example.com"
    assert variables["CORS_CREDENTIALS"] == "true"


def test_a_function_is_told_if_it_need_not_compare_files():
    variables = deploy_function(verify_models=False).one(FUNCTION).inputs["environment"]["variables"]
    assert variables["VERIFY_MODELS"] == "false"


def test_a_function_runs_the_handler_of_an_image_by_digest():
    function = deploy_function().one(FUNCTION).inputs
    assert function["packageType"] == "Image"
    assert function["imageUri"] == IMAGE
    assert function["imageConfig"] == {"commands": ["handlers.multi_model.handler"]}


def test_a_function_has_the_size_that_it_was_given():
    function = deploy_function(
        memory_mib=3008, timeout_seconds=12, ephemeral_storage_mib=2048, architecture="arm64", reserved_concurrency=5
    ).one(FUNCTION)
    assert function.inputs["memorySize"] == 3008
    assert function.inputs["timeout"] == 12
    assert function.inputs["ephemeralStorage"] == {"size": 2048}
    assert function.inputs["architectures"] == ["arm64"]
    assert function.inputs["reservedConcurrentExecutions"] == 5


def test_a_function_shares_the_accounts_concurrency_by_default():
    assert deploy_function().one(FUNCTION).inputs["reservedConcurrentExecutions"] == -1


def test_an_alias_stands_for_the_version_that_was_published():
    recorder = deploy_function()
    alias = recorder.one("aws:lambda/alias:Alias").inputs
    assert recorder.one(FUNCTION).inputs["publish"] is True
    assert alias == {"name": "live", "functionName": "serve-1234567", "functionVersion": "1"}


def test_a_function_writes_json_to_a_log_group_that_is_kept_for_a_time():
    recorder = deploy_function(log_retention_days=7)
    group = recorder.one("aws:cloudwatch/logGroup:LogGroup").inputs
    logging = recorder.one(FUNCTION).inputs["loggingConfig"]
    assert group == {"namePrefix": "/aws/lambda/serve-", "retentionInDays": 7}
    assert (logging["logFormat"], logging["logGroup"]) == ("JSON", "/aws/lambda/serve-1234567")


def test_a_function_may_write_to_its_own_log_group_and_do_nothing_more():
    assert statements(deploy_function()) == [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": ["arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/serve-1234567:*"],
        }
    ]


def test_only_lambda_assumes_a_functions_role_and_only_for_the_account_of_its_log():
    document = json.loads(deploy_function().one("aws:iam/role:Role").inputs["assumeRolePolicy"])
    assert document["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
        }
    ]


def test_a_functions_role_has_the_grants_of_its_source():
    grant = iam.allow(["s3:GetObject"], ["arn:aws:s3:::shelf/models/iris/*"])
    assert grant in statements(deploy_function(Shelf(statements=[grant])))


def test_a_source_is_asked_once_for_exactly_the_functions_models():
    source = Shelf()
    deploy_function(source, models=["iris"])
    assert source.asked == [["iris"]]


def test_a_function_waits_for_its_grants_and_for_what_its_source_makes_ready():
    def program() -> None:
        seeded = aws.s3.Bucket("seeded")
        source = Shelf(ready=[seeded])
        arguments = InferenceFunctionArgs(image_uri=IMAGE, handler="h", models=["iris"], source=source)
        InferenceFunction("serve", arguments)

    recorder = deploy(program)
    waited_for = recorder.waits_for(recorder.one(FUNCTION))
    assert {recorder.named("seeded").urn, recorder.named("serve-grants").urn} <= waited_for


def test_a_function_without_a_network_or_a_mount_has_neither():
    inputs = deploy_function().one(FUNCTION).inputs
    assert not {"vpcConfig", "fileSystemConfig", "replaceSecurityGroupsOnDestroy"} & set(inputs)


def test_a_function_joins_the_network_of_its_source_and_may_attach_to_it():
    recorder = deploy_function(Shelf(network=Network(subnet_ids=["subnet-1"], security_group_ids=["sg-1"])))
    function = recorder.one(FUNCTION).inputs
    assert function["vpcConfig"] == {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]}
    assert function["replaceSecurityGroupsOnDestroy"] is True
    assert any("ec2:CreateNetworkInterface" in each["Action"] for each in statements(recorder))


def test_a_function_sees_the_file_system_of_its_source():
    arn = "arn:aws:elasticfilesystem:eu-central-1:123456789012:access-point/fsap-1"
    function = deploy_function(Shelf(mount=Mount(access_point_arn=arn, path="/mnt/models"))).one(FUNCTION).inputs
    assert function["fileSystemConfig"] == {"arn": arn, "localMountPath": "/mnt/models"}


def test_a_function_of_all_models_is_told_none():
    source = Shelf()
    function = deploy_function(source, models=None).one(FUNCTION).inputs
    assert function["environment"]["variables"] == {"MODEL_STORE_URI": "file:///shelf"}
    assert function["description"] == "Serves all models"
    assert source.asked == [None]


def test_grants_for_which_one_policy_has_no_room_are_policies_of_their_own_and_waited_for():
    further = [[iam.allow(["s3:GetObject"], [f"arn:aws:s3:::shelf/{number}"])] for number in range(2)]
    recorder = deploy_function(Shelf(further_policies=further))
    policies = [json.loads(each.inputs["policy"])["Statement"] for each in recorder.of("aws:iam/policy:Policy")]
    assert sorted(policies, key=str) == further
    attachments = recorder.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert {each.inputs["role"] for each in attachments} == {"serve-role-1234567"}
    assert {each.urn for each in attachments} <= recorder.one(FUNCTION).dependencies


def test_an_image_by_tag_is_refused():
    with pytest.raises(ValueError, match="allowed is repository@sha256:digest, never a tag"):
        deploy_function(image_uri="handlers:latest")


def test_a_function_without_models_is_refused():
    with pytest.raises(ValueError, match="a function serves at least one model"):
        deploy_function(models=[])


def test_a_description_stays_within_lambdas_limit():
    recorder = deploy_function(models=[f"a-rather-long-model-name-{number}" for number in range(40)])
    assert recorder.one(FUNCTION).inputs["description"] == "Serves 40 models"


def test_children_belong_to_the_function_and_outputs_are_registered():
    recorder = deploy_function()
    component = recorder.one("tensorflow-lambda:index:InferenceFunction")
    arn = "arn:aws:lambda:eu-central-1:123456789012:function:serve-1234567"
    assert {each.parent for each in recorder.registered if each is not component} == {component.urn}
    assert component.outputs == {
        "function_name": "serve-1234567",
        "function_arn": arn,
        "version": "1",
        "alias_name": "live",
        "alias_arn": f"{arn}:live",
        "invoke_arn": f"{arn}:live/invocations",
        "log_group_name": "/aws/lambda/serve-1234567",
    }


def test_a_late_image_is_taken_as_it_comes():
    def program() -> None:
        image = pulumi.Output.from_input(IMAGE)
        arguments = InferenceFunctionArgs(image_uri=image, handler="h", models=["iris"], source=Shelf())
        InferenceFunction("serve", arguments)

    assert deploy(program).one(FUNCTION).inputs["imageUri"] == IMAGE
