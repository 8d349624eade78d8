"""`python -m ops batch s3://IN s3://OUT --model M`: answers the rows of files, by a stack's queue and functions."""

import json
import sys
from argparse import ArgumentParser, Namespace

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from local.stack_config import PROJECT
from ops.batches.batch import Result, place_of, question_of
from ops.batches.batch import run as answer
from ops.batches.running import Progress
from ops.deployed import find_deployed

NAME = "batch"
HELP = "answer the rows of files in S3; killed and run again, it goes on where it was"

ROWS = 200
"""How many rows a request has."""

SHOWN = 10
"""The most errors that are shown."""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("source", metavar="s3://IN", help="where the files are: JSON Lines, CSV, npy or npz")
    parser.add_argument("target", metavar="s3://OUT", help="where the answers go, a file of JSON Lines for each")
    parser.add_argument("--model", required=True, metavar="NAME")
    parser.add_argument("--stack", default="dev", metavar="NAME", help="the stack (default: dev)")
    parser.add_argument("--signature", default=None, metavar="NAME", help="one of the model's signatures")
    parser.add_argument("--label", default=None, metavar="NAME", help="a label, such as canary")
    parser.add_argument("--rows", type=int, default=ROWS, metavar="N", help=f"rows of a request (default: {ROWS})")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(options: Namespace) -> int:
    """Run the batch; the exit code is 1 if a row was refused or a file is unfinished."""
    if options.rows < 1:
        raise ValueError(f"--rows is {options.rows}; allowed is 1 or more")
    stack = find_deployed(PROJECT, options.stack)
    question = question_of(stack, options.model, options.signature, options.label)
    source, target = place_of(options.source), place_of(options.target)
    try:
        result = answer(stack, source, target, question, options.rows, _say)
    except (BotoCoreError, Boto3Error, ClientError) as error:
        raise ValueError(f"{source}, {target} or the stack's queue cannot be used: {error}; run this again") from None
    except KeyboardInterrupt:
        print("\nstopped; what was asked is answered meanwhile; the same command goes on", file=sys.stderr)
        return 130
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(json.dumps(result.as_document(), indent=1) if options.json else _shown(result))
    return int(bool(result.errors or result.unfinished))


def _say(progress: Progress) -> None:
    """One line for people, which is written over."""
    if sys.stderr.isatty():
        done = progress.answered + progress.refused + progress.failed
        share = done / progress.rows if progress.rows else 0.0
        text = f"{done:,} of {progress.rows:,} rows ({share:.0%}), {progress.found:,} of them before; "
        text += f"{progress.refused:,} refused, {progress.failed:,} failed"
        print(f"\r\x1b[K{text}", end="", flush=True, file=sys.stderr)


def _shown(result: Result) -> str:
    told = result.progress
    lines = [
        f"{told.rows:,} rows: {told.answered:,} answered ({told.found:,} before), {told.refused:,} refused, "
        f"{told.failed:,} failed",
        *result.written,
    ]
    errors = [f"{key}, row {row}: {error}" for key, each in result.errors.items() for row, error in each.items()]
    lines += errors[:SHOWN]
    if len(errors) > SHOWN:
        lines.append(f"and {len(errors) - SHOWN:,} more; the files of answers have them all")
    lines += [f"{key} is unfinished: {reason}" for key, reason in result.unfinished.items()]
    return "\n".join(lines + (["run the same command again to go on"] if result.unfinished else []))
