"""Splits: which label of a split answers a request. Requests of one caller get one label."""

from collections.abc import Mapping

from handlers.serving.events import Request

CALLER_HEADER = "x-caller-id"
"""A request's header that says who calls, in any words. Without it, equal requests get one label."""


def share_of(request: Request, model: str) -> float:
    """Where a request stands among all requests to a model: a number from 0 up to 1, by its caller or its content.

    Another model gives another number, so that the callers who get canaries are not the same everywhere.
    """
    from hashlib import blake2b  # late: few pointers split requests

    caller = request.headers.get(CALLER_HEADER)
    digest = blake2b(model.encode(), digest_size=8)
    if caller is None:
        digest.update(b"\0content\0" + request.path.encode("utf-8", "surrogatepass") + b"\0")
        digest.update(request.body)
    else:
        digest.update(b"\0caller\0" + caller.encode("utf-8", "surrogatepass"))
    return int.from_bytes(digest.digest(), "big") / (1 << 64)


def label_at(split: Mapping[str, int], share: float) -> str:
    """The label that answers at a share. The labels stand in the order of the split, each as wide as its weight: the
    last one grows without taking callers from itself."""
    left = share * sum(split.values())
    for label, weight in split.items():
        if left < weight:
            return label
        left -= weight
    return max(split, key=lambda label: split[label])  # the share was rounded up to 1


def labels_by_turns(split: Mapping[str, int], share: float) -> list[str]:
    """The labels of a split: first the one at the share, then the others that have a weight, the heaviest first."""
    first = label_at(split, share)
    others = sorted((label for label in split if split[label] and label != first), key=lambda each: -split[each])
    return [first, *others]
