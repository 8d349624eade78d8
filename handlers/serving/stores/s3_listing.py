"""Reads listings of a bucket.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping

from handlers.serving.stores import StoreError

ReadPage = Callable[[Mapping[str, str]], str]
"""Returns one page of a listing, which is XML, for the parameters of a request."""

MOST_PAGES = 100
"""The most pages that are read of one listing. A page has up to 1,000 entries."""


def directories(page: ReadPage, prefix: str) -> list[str]:
    """The names of the directories under a prefix that ends with a slash. Raises StoreError if there are too many."""
    return [
        html.unescape(found)[len(prefix) : -1]
        for text in _pages(page, {"prefix": prefix, "delimiter": "/"})
        for found in re.findall(r"<CommonPrefixes>\s*<Prefix>([^<]*)</Prefix>", text)
    ]


def files(page: ReadPage, prefix: str) -> list[tuple[str, int]]:
    """Path and size of every file under a prefix that ends with a slash. Raises StoreError if there are too many."""
    found = [
        (html.unescape(_tag("Key", content))[len(prefix) :], int(_tag("Size", content)))
        for text in _pages(page, {"prefix": prefix})
        for content in re.findall(r"<Contents>(.*?)</Contents>", text, re.DOTALL)
    ]
    return [(path, size) for path, size in found if path and not path.endswith("/")]


def _pages(page: ReadPage, query: Mapping[str, str]) -> Iterator[str]:
    more = {"list-type": "2", **query}
    for _ in range(MOST_PAGES):
        text = page(more)
        yield text
        if _tag("IsTruncated", text) != "true":
            return
        more["continuation-token"] = html.unescape(_tag("NextContinuationToken", text))
    raise StoreError(f"{query['prefix']} has more than {MOST_PAGES * 1000} entries, the most that are read")


def _tag(name: str, text: str) -> str:
    match = re.search(f"<{name}>([^<]*)</{name}>", text)
    return match[1] if match else ""
