"""What somebody changes by hand is found by a refresh and mended by an update, under Pulumi's own engine."""

from tests.engine.conftest import succeeded


def test_an_alias_a_route_and_an_object_that_somebody_changes_are_put_back(run, settings):
    succeeded(run.stack.up(settings))
    made = succeeded(run.stack.up({"memoryMib": 2048}))
    lambda_, gateway, s3 = (run.account.client(service) for service in ("lambda", "apigatewayv2", "s3"))
    [function] = run.account.invocations.functions()
    lambda_.update_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    [api] = gateway.get_apis()["Items"]
    route = next(each for each in gateway.get_routes(ApiId=api["ApiId"])["Items"] if each["RouteKey"] == "ANY /v2")
    gateway.update_route(ApiId=api["ApiId"], RouteId=route["RouteId"], AuthorizationType="AWS_IAM")
    pointer = {"Bucket": made.outputs["bucketName"], "Key": "models/iris/current.json"}
    s3.delete_object(**pointer)

    found = succeeded(run.stack.refresh())
    assert (found.changes["update"], found.changes["delete"]) == (2, 1)
    succeeded(run.stack.up())
    assert lambda_.get_alias(FunctionName=function.name, Name="live")["FunctionVersion"] == "2"
    assert gateway.get_route(ApiId=api["ApiId"], RouteId=route["RouteId"])["AuthorizationType"] == "NONE"
    assert s3.get_object(**pointer)["ContentLength"] > 0
    assert succeeded(run.stack.up()).quiet
