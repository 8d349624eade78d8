"""The pages that show the way: what they name is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.paths import PROJECT

PAGES = [PROJECT / name for name in ("ARCHITECTURE.md", "README.md", "CONTRIBUTING.md", "SECURITY.md")]
PAGES += sorted((PROJECT / "docs").rglob("*.md"))


def table(page: Path, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, by row, without its head."""
    section = page.read_text().split(f"\n## {heading}\n", 1)[1]
    rows = [line for line in section.split("\n## ", 1)[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows[2:]]


def named_paths(text: str) -> Iterator[str]:
    """Each path between backticks: what has a slash, or the ending of a file of ours."""
    for word in re.findall(r"`([^`\s]+)`", text):
        if re.fullmatch(r"[\w.*/-]+", word) and ("/" in word or word.endswith((".py", ".yaml", ".toml"))):
            yield word


ROWS = table(PROJECT / "ARCHITECTURE.md", "Where to change what")


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_every_file_that_a_change_leads_to_exists(row: list[str]) -> None:
    paths = list(named_paths(row[1]))
    assert paths, f"{row[0]!r} names no file"
    assert [path for path in paths if not list(PROJECT.glob(path))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(PROJECT).as_posix())
def test_every_path_is_written_in_full_and_exists(page: Path) -> None:
    prose = re.sub(r"```.*?```|\[[^]]*\]\([^)]*\)", "", page.read_text(), flags=re.DOTALL)
    assert [path for path in named_paths(prose) if not list(PROJECT.glob(path))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(PROJECT).as_posix())
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_every_directory_has_a_row_in_the_map() -> None:
    tracked = {path.parent.name for path in PROJECT.glob("*/__init__.py")}
    mapped = {
        row[0].strip("`/").split("/")[0] for row in table(PROJECT / "ARCHITECTURE.md", "Kinds of code, arrows one way")
    }
    assert tracked <= mapped
