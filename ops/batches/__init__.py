"""Batches: the rows of files in S3, answered by a stack's functions, as many requests that are answered later.

`rows` reads files, `chunks` names the requests that they become, `kept` writes requests and reads answers, `running`
leads a batch to its end, and `written` makes the files of answers.
"""
