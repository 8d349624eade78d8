"""What is not there, as against what may not be read."""

import pytest

from components.absence import in_one_line, is_absent


@pytest.mark.parametrize(
    ("words", "absent"),
    [
        ("ListObjectsV2, https response error StatusCode: 404, api error NoSuchBucket: it does not exist", True),
        ("An error occurred (ResourceNotFoundException) when calling the GetFunction operation", True),
        ("reading S3 Object (bucket/key): couldn't find resource", True),
        ("ListObjectsV2, https response error StatusCode: 403, api error AccessDenied: Access Denied", False),
        ("ListObjectsV2, https response error StatusCode: 301, api error PermanentRedirect", False),
        ("no valid credential sources found", False),
    ],
)
def test_only_what_aws_says_is_not_there_counts_as_absent(words: str, absent: bool):
    assert is_absent(Exception(words)) == absent


def test_what_aws_says_is_told_in_one_line():
    assert in_one_line(Exception("1 error occurred:\n\t* denied\n")) == "1 error occurred: * denied"
