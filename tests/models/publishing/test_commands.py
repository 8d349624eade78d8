"""The commands for published models: what they print, their exit codes, and that a dry run changes nothing."""

import json

import pytest

from models.cli import main
from tests.models.publishing.conftest import Pack, packed_in

MOVED = ["publish", "label", "promote", "rollback", "prune"]


class Terminal:
    """Runs commands on one place, and keeps what they print."""

    def __init__(self, place: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.place, self._capsys = place, capsys
        self.error = ""

    def run(self, *arguments: str) -> tuple[int, str]:
        code = main([*arguments, "--at", self.place])
        shown = self._capsys.readouterr()
        self.error = shown.err
        return code, shown.out

    def json(self, *arguments: str):
        code, out = self.run(*arguments, "--json")
        assert code == 0, self.error
        return json.loads(out)


@pytest.fixture
def terminal(tmp_path, capsys) -> Terminal:
    return Terminal(str(tmp_path / "published"), capsys)


@pytest.fixture
def publish(terminal: Terminal, packed: Pack):
    """Publish a version by the command line."""

    def publish(content: str, version: int, *options: str, width: int = 4):
        source = packed(content, version=version, width=width).source.root
        return terminal.json("publish", "m", "--repository", str(source), *options)

    return publish


def test_a_version_is_published_labelled_promoted_and_rolled_back(terminal, publish):
    assert publish("one", 1)["current"] == 1
    assert publish("two", 2, "--label", "canary")["labels"] == {"canary": 2}
    assert terminal.json("promote", "m", "canary")["current"] == 2
    assert terminal.json("label", "m", "stable", "1")["labels"] == {"canary": 2, "stable": 1}
    assert terminal.json("label", "m", "canary", "--remove")["labels"] == {"stable": 1}
    assert terminal.json("rollback", "m")["current"] == 1
    assert terminal.json("rollback", "m")["current"] == 2


def test_list_and_show_say_what_answers(terminal, publish):
    publish("one", 1)
    publish("two", 2, "--label", "canary", "--make-current")
    code, listed = terminal.run("list")
    assert code == 0
    assert ["*" in line and "canary" in line for line in listed.splitlines()] == [False, True]
    assert terminal.json("list")["m"]["current"] == 2
    code, shown = terminal.run("show", "m")
    assert code == 0
    assert "current    version 2" in shown
    assert "label      canary: version 2" in shown
    assert "formerly   version 1, until 20" in shown
    assert "serving_default: x float32[?, 4] → y float32[?]" in shown


def test_diff_tells_changed_signatures(terminal, publish):
    publish("one", 1)
    publish("wide", 2, "--allow-signature-change", width=5)
    assert terminal.json("diff", "m", "1", "1")["changes"] == []
    code, shown = terminal.run("diff", "m", "1", "2")
    assert code == 0
    assert "changed: serving_default: input x float32[?, 4] becomes float32[?, 5]" in shown


def test_a_refusal_has_an_exit_code_of_its_own_and_names_the_option(terminal, publish, packed):
    publish("one", 1)
    wide = packed("wide", version=2, width=5).source.root
    code, _ = terminal.run("publish", "m", "--repository", str(wide))
    assert code == 3
    assert "--allow-signature-change" in terminal.error


def test_pruning_asks_unless_it_is_told_yes(terminal, publish):
    for number in (1, 2, 3):
        publish(str(number), number, "--make-current")
    arguments = ["prune", "m", "--keep", "0", "--quiet-seconds", "0"]
    assert terminal.json(*arguments, "--dry-run")["removed"] == {"m": [1, 2]}
    assert terminal.run(*arguments)[0] == 3
    assert "--yes" in terminal.error
    assert terminal.json(*arguments, "--yes")["removed"] == {"m": [1, 2]}
    assert list(terminal.json("list")["m"]["versions"]) == ["3"]


def test_pruning_leaves_what_is_not_due(terminal, publish):
    for number in (1, 2):
        publish(str(number), number, "--make-current")
    assert terminal.json("prune", "--keep", "0", "--yes") == {"removed": {}, "not_due": {"m": [1]}, "dry_run": False}


def test_pruning_can_wait_until_all_is_due(terminal, publish):
    for number in (1, 2):
        publish(str(number), number, "--make-current")
    found = terminal.json("prune", "--keep", "0", "--yes", "--quiet-seconds", "1", "--wait")
    assert found["removed"] == {"m": [1]}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["promote", "m", "7"], "holds no version 7 of m; its versions are 1"),
        (["promote", "m", "blue"], "m has no label 'blue'; its labels are none"),
        (["label", "m", "blue", "--remove"], "m has no label 'blue'"),
        (["rollback", "m"], "no version of m is known to have been current before version 1"),
        (["show", "n"], "has no published model 'n'; it holds m"),
        (["diff", "m", "1", "2"], "holds no version 2 of m"),
        (["label", "m", "current", "1"], "`promote m 1` makes version 1 current"),
        (["label", "m", "live", "blue=1"], "m has no label 'blue'; its labels are none"),
        (["label", "m", "live"], "give one of: a version, labels with weights"),
        (["label", "m", "live", "1", "blue=1"], "give one of: a version, labels with weights"),
        (["promote", "m", "1", "--wait"], "--wait asks the functions of a stack"),
    ],
)
def test_a_failure_says_what_there_is(terminal, publish, arguments, said):
    publish("one", 1)
    before = terminal.json("list")
    assert terminal.run(*arguments)[0] == 1
    assert said in terminal.error
    assert terminal.json("list") == before


def test_requests_are_split_until_a_version_is_promoted(terminal, publish):
    publish("one", 1, "--label", "stable")
    publish("two", 2, "--label", "canary")
    split = {"current": {"stable": 90, "canary": 10}}
    assert terminal.json("label", "m", "current", "stable=90", "canary=10")["splits"] == split
    assert "split      current: stable 90, canary 10" in terminal.run("show", "m")[1]
    assert terminal.run("label", "m", "canary", "--remove")[0] == 1
    assert "the split current of m sends requests to canary" in terminal.error
    assert terminal.json("promote", "m", "canary")["splits"] == {}
    assert terminal.json("label", "m", "live", "stable=1", "canary=1")["splits"] == {"live": {"stable": 1, "canary": 1}}
    assert terminal.run("label", "m", "live", "2")[0] == 1
    assert terminal.json("label", "m", "live", "--remove")["splits"] == {}


def test_a_dry_run_changes_nothing(terminal, publish, packed):
    publish("one", 1)
    publish("two", 2, "--make-current")
    before = terminal.json("list")
    three = packed("three", version=3).source.root
    assert terminal.json("publish", "m", "--repository", str(three), "--dry-run")["version"] == 3
    assert terminal.json("promote", "m", "1", "--dry-run") == {"current": 2, "would_be": 1}
    assert terminal.json("rollback", "m", "--dry-run") == {"current": 2, "would_be": 1}
    assert terminal.json("label", "m", "blue", "1", "--dry-run")["labels"] == {"blue": 1}
    assert terminal.json("list") == before


@pytest.mark.parametrize(
    ("place", "said"),
    [("s3:///models", "names no bucket"), ("ftp://host/x", "is no place for models"), (__file__, "is a file")],
)
def test_what_is_no_place_is_named(capsys, place, said):
    assert main(["list", "--at", place]) == 1
    assert said in capsys.readouterr().err


def test_a_bucket_that_is_not_there_is_named(capsys, aws, monkeypatch):
    for name, value in aws.items():
        monkeypatch.setenv(name, value)
    assert main(["list", "--at", "s3://no-such-bucket-of-ours/models"]) == 1
    assert "s3://no-such-bucket-of-ours/models: S3 refused to list: NoSuchBucket" in capsys.readouterr().err


def test_an_unknown_stack_is_named(capsys, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["list", "--stack", "nobodys"]) == 1
    assert "no stack 'nobodys' runs on this machine" in capsys.readouterr().err


@pytest.mark.parametrize("command", [*MOVED, "list", "show", "diff", "watch"])
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    assert f"python -m models {command}" in capsys.readouterr().out


def test_a_name_that_is_no_label_is_refused(tmp_path, capsys):
    source = packed_in(tmp_path, "one").source.root
    with pytest.raises(SystemExit) as stopped:
        main(["publish", "m", "--repository", str(source), "--at", str(tmp_path / "to"), "--label", "a/b"])
    assert stopped.value.code == 2
    assert "'a/b' is no label" in capsys.readouterr().err
