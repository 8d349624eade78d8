"""What a web page, or a host name that leads to this machine, can do to the local stack: nothing. Real requests."""

import http.client
import io
import json
import zipfile
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.emulator import HOST, Emulator
from local.gate import refusal
from local.http_server import JsonHandler, LoopbackServer

PAGE = {"Origin": "https://page.example", "Content-Type": "text/plain"}
IMAGE = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
LIST = "/2015-03-31/functions"


def asked(port: int, path: str, headers: dict[str, str], method: str = "GET") -> tuple[int, http.client.HTTPMessage]:
    """The status and the headers of a response to a request that is sent as it is."""
    connection = http.client.HTTPConnection(HOST, port, timeout=20)
    connection.request(method, path, b"{}" if method == "POST" else None, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.headers


def below_token(emulator: Emulator, path: str) -> str:
    return "/" + emulator.url.split("/")[3] + path


def test_every_address_holds_a_token_and_without_it_nothing_answers(emulator: Emulator):
    with Emulator(emulator._guard) as second:
        assert below_token(second, "") != below_token(emulator, "")
    assert len(below_token(emulator, "")) > 32
    assert asked(emulator.port, below_token(emulator, LIST), {})[0] == 200
    wrong = below_token(emulator, "")[:-1] + "."
    for path in (
        LIST,
        "/",
        "/_ministack/health",
        "/_ministack/reset",
        "//" + LIST,
        f"{wrong}{LIST}",
        f"{wrong}x{LIST}",
    ):
        for headers in ({}, PAGE, IMAGE):
            for method in ("GET", "POST", "OPTIONS"):
                status, answered = asked(emulator.port, path, headers, method)
                assert status == 404, path
                assert "access-control-allow-origin" not in answered


@pytest.mark.parametrize("headers", [PAGE, IMAGE, {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"}])
def test_a_page_is_refused_even_with_the_token(emulator: Emulator, headers: dict[str, str]):
    for method in ("GET", "POST", "OPTIONS"):
        status, answered = asked(emulator.port, below_token(emulator, LIST), headers, method)
        assert status == 403
        assert "access-control-allow-origin" not in answered


@pytest.mark.parametrize("host", ["rebound.example:{port}", "rebound.example", "127.0.0.1", "127.0.0.1:1", ""])
def test_a_name_that_leads_to_this_machine_is_refused_even_with_the_token(emulator: Emulator, host: str):
    named = {"Host": host.format(port=emulator.port)}
    assert asked(emulator.port, below_token(emulator, LIST), named)[0] in (400, 403)
    assert asked(emulator.port, below_token(emulator, LIST), {"Host": f"localhost:{emulator.port}"})[0] == 200


def test_a_deployed_api_answers_pages_by_its_own_rules(emulator: Emulator):
    api = emulator.client("apigatewayv2")
    cors = {"AllowOrigins": [PAGE["Origin"]], "AllowMethods": ["GET"]}
    api_id = api.create_api(Name="open", ProtocolType="HTTP", CorsConfiguration=cors)["ApiId"]
    api.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)
    path = below_token(emulator, f"/_aws/execute-api/{api_id}/v2")
    preflight = {**PAGE, "Access-Control-Request-Method": "GET"}

    status, answered = asked(emulator.port, path, preflight, "OPTIONS")
    assert (status, answered["access-control-allow-origin"]) == (204, PAGE["Origin"])
    assert asked(emulator.port, path, PAGE)[0] == 404  # there is no route
    assert asked(emulator.port, path, {**PAGE, "Host": "rebound.example"})[0] == 403


def test_a_domain_name_leads_to_its_api_also_after_the_apis_own_address_is_closed(emulator: Emulator):
    api = emulator.client("apigatewayv2")
    cors = {"AllowOrigins": [PAGE["Origin"]], "AllowMethods": ["GET"]}
    settings = {"ProtocolType": "HTTP", "CorsConfiguration": cors, "DisableExecuteApiEndpoint": True}
    api_id = api.create_api(Name="named", **settings)["ApiId"]
    api.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)
    api.create_domain_name(DomainName="models.example.com")
    api.create_api_mapping(DomainName="models.example.com", ApiId=api_id, Stage="$default")
    preflight = {**PAGE, "Access-Control-Request-Method": "GET"}

    def allowed(address: str) -> str | None:
        path = "/" + address.split("/", 3)[3]
        return asked(emulator.port, path, preflight, "OPTIONS")[1]["access-control-allow-origin"]

    assert allowed(emulator.reached("https://models.example.com/v2")) == PAGE["Origin"]
    assert allowed(f"{emulator.url}/_aws/execute-api/{api_id}/v2") is None


@pytest.mark.parametrize("name", ["other.example.com", "", "127.0.0.1", "localhost"])
def test_a_page_reaches_no_service_by_a_name_that_is_no_apis(emulator: Emulator, name: str):
    path = below_token(emulator, f"/_aws/domains/{name}{LIST}")
    for headers in ({}, PAGE, IMAGE):
        assert asked(emulator.port, path, headers)[0] == 404


def test_the_emulator_runs_no_code_that_it_is_given(emulator: Emulator, tmp_path: Path):
    marker = tmp_path / "it-ran"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("code.py", f"open({str(marker)!r}, 'w').close()\ndef handler(event, context): return 'it ran'\n")
    lambda_ = emulator.client("lambda")
    lambda_.create_function(
        FunctionName="given",
        Runtime="python3.12",
        Handler="code.handler",
        Role="arn:aws:iam::000000000000:role/any",
        Code={"ZipFile": archive.getvalue()},
    )
    lambda_.get_waiter("function_active_v2").wait(FunctionName="given", WaiterConfig={"Delay": 1})
    answer = lambda_.invoke(FunctionName="given", Payload=json.dumps({}))

    assert answer["FunctionError"]
    assert "Docker" in json.loads(answer["Payload"].read())["errorMessage"]
    assert not marker.exists()


@pytest.mark.parametrize("service", ["codebuild", "dynamodb", "ecs", "secretsmanager", "stepfunctions"])
def test_a_service_that_nothing_needs_is_not_there(emulator: Emulator, service: str):
    client = emulator.client(service)
    ask = {
        "codebuild": lambda: client.list_projects(),
        "dynamodb": lambda: client.list_tables(),
        "ecs": lambda: client.list_clusters(),
        "secretsmanager": lambda: client.list_secrets(),
        "stepfunctions": lambda: client.list_state_machines(),
    }
    with pytest.raises(ClientError):
        ask[service]()


def test_the_stacks_own_servers_refuse_pages_and_other_names():
    class Answering(JsonHandler):
        def do_GET(self) -> None:  # noqa: N802 the standard library's name
            self.answer(200, b"{}")

        def do_POST(self) -> None:  # noqa: N802 the standard library's name
            self.answer(200, self.read_body())

    server = LoopbackServer(Answering)
    port = server.server_address[1]
    try:
        assert asked(port, "/", {})[0] == 200
        for headers in (PAGE, IMAGE, {"Host": f"rebound.example:{port}"}, {"Host": ""}):
            assert asked(port, "/", headers, "POST")[0] == 403
    finally:
        server.stop()


def test_what_this_machines_own_programs_send_is_answered():
    for headers in ({}, {"sec-fetch-site": "none"}, {"sec-fetch-site": "same-origin"}):
        assert refusal({"host": "127.0.0.1:4566", **headers}, 4566) is None
