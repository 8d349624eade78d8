"""Requests that are answered later: kept in S3, led back to the function by an SQS queue, their answers kept in S3.

Nothing here is imported before the first such request. A batch is many of them: `ops/batches` writes their objects and
messages itself, in the formats of `kept` and `messages`.
"""
