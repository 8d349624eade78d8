"""What a failed read says of a thing that is not there, as against one that may not be read."""

ABSENT = ("NoSuchBucket", "NoSuchKey", "NotFound", "StatusCode: 404", "couldn't find resource")
"""Words of AWS and of the provider."""


def is_absent(error: Exception) -> bool:
    """Whether AWS says that the thing is not there. The SDK raises nothing narrower than `Exception`."""
    return any(word in str(error) for word in ABSENT)


def in_one_line(error: Exception) -> str:
    """What AWS says, in one line."""
    return " ".join(str(error).split())
