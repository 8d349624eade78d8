"""The figures that estimates count with beside prices: the table `figures.toml`."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

FILE = Path(__file__).with_name("figures.toml")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number, and how it is known. The head of `figures.toml` explains `kind`."""

    value: float
    unit: str
    what: str
    kind: Literal["measured", "published", "assumed", "given"]
    source: str


class Figures:
    """The figures by key."""

    def __init__(self, figures: Mapping[str, Figure]) -> None:
        self.by_key = figures

    def __getitem__(self, key: str) -> float:
        return self.by_key[key].value


def read_figures(given: Iterable[str] = ()) -> Figures:
    """The table, with what a user gives as `key=value` in place of it. Raises ValueError for what is no figure."""
    known = {key: Figure(**entry) for key, entry in tomllib.loads(FILE.read_text()).items()}
    for text in given:
        key, _, value = text.partition("=")
        if key not in known:
            raise ValueError(f"{key!r} is no figure; those are {', '.join(sorted(known))}")
        try:
            number = float(value)
        except ValueError:
            raise ValueError(f"{text!r} has no number; write {key}={known[key].value:g}") from None
        if number < 0:
            raise ValueError(f"{text!r} is below 0; write {key}={known[key].value:g} or more than 0")
        known[key] = replace(known[key], value=number, kind="given", source="the command line")
    return Figures(known)
