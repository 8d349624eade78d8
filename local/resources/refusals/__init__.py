"""What AWS refuses and the emulator would accept: a module for each service, a function for each rule.

A rule looks at the emulated account and raises botocore's ClientError, with the code and the words of AWS, as if the
emulator had refused. A type's class calls its rules before it calls the emulator.
"""

from botocore.exceptions import ClientError


def refused(operation: str, code: str, message: str) -> ClientError:
    """The error of an API operation such as `DeleteSubnet`, with AWS's code and AWS's words."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)
