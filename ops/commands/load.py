"""`python -m ops load`: sends a stack requests at a rate, and shows how fast it answers."""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import boto3

from clients.signing import Signer
from ops.load import cloudwatch, recording, simulated
from ops.load.bodies import Dialect, LoadRequest, load_request, metadata
from ops.load.generator import Load, Pace
from ops.load.generator import run as send
from ops.simulation.arrivals import read_times
from ops.simulation.cached_models import zipf

VALID_SECONDS = 300
"""AWS refuses a signature that is older."""

NAME = "load"
HELP = "send a stack requests at a rate, and show latencies, errors and cold starts"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("url", help="the API's URL, as a deployment's output apiUrl or `make up` shows it")
    parser.add_argument(
        "--model", action="append", required=True, metavar="NAME", help="repeatable; the first is asked most"
    )
    parser.add_argument("--rate", type=float, default=10.0, metavar="N", help="requests a second (default: 10)")
    parser.add_argument("--seconds", type=float, default=60.0, metavar="N", help="how long (default: 60)")
    parser.add_argument(
        "--warm-up", type=float, default=5.0, metavar="N", help="seconds before, which do not count (default: 5)"
    )
    parser.add_argument("--pace", choices=get_args(Pace), default="poisson", help="how requests follow each other")
    parser.add_argument("--arrivals", type=Path, metavar="CSV", help="times in seconds, in place of rate and pace")
    parser.add_argument(
        "--zipf", type=float, default=0.0, metavar="S", help="how unequally models are asked for (default: 0, alike)"
    )
    parser.add_argument(
        "--dialect", choices=get_args(Dialect), default="v1", help="TensorFlow Serving's or Open Inference's"
    )
    parser.add_argument(
        "--body", action="append", default=[], metavar="MODEL=FILE", help="a body of your own; repeatable"
    )
    parser.add_argument("--header", action="append", default=[], metavar="NAME:VALUE", help="repeatable")
    parser.add_argument("--sign", action="store_true", help="sign with your AWS credentials, as `auth: iam` wants it")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--keep-seconds",
        type=float,
        metavar="N",
        help="show how many cold starts the simulation behind `advise` has for these requests, if idle ones are "
        "kept for so long; there is no warm-up then",
    )
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument(
        "--function", action="append", default=[], metavar="NAME", help="show its CloudWatch metrics; repeatable"
    )
    parser.add_argument("--file-system", metavar="ID", help="show the CloudWatch metrics of this EFS file system")


def run(options: Namespace) -> int:
    """Send the load; the exit code is 1 if a request failed or the rate was not kept."""
    headers = dict(map(_header, options.header))
    signer = Signer() if options.sign else None
    requests = _requests(options, headers, signer)
    load = _load(options, len(requests))

    def sign(request: LoadRequest) -> Mapping[str, str]:
        signed = {} if signer is None else signer.headers("POST", options.url.rstrip("/") + request.path, request.body)
        return {**headers, **signed}

    if options.warm_up > 0 and load.due is None and options.keep_seconds is None:
        warm = Load(rate=load.rate, seconds=options.warm_up, pace=load.pace, shares=load.shares, seed=options.seed + 1)
        warmed = send(options.url, requests, warm, sign)
        print(
            f"warm-up: {warmed.sent:,} requests, {warmed.cold:,} cold starts",
            file=sys.stderr if options.json else sys.stdout,
        )
    began = datetime.now(UTC)
    found = send(options.url, requests, load, sign)
    if options.json:
        print(json.dumps(recording.as_json(found)))
        return 1 if found.errors or not found.keeps_rate else 0
    print("\n".join(recording.as_text(found)))
    if options.keep_seconds is not None:
        print(simulated.as_text(found, options.keep_seconds))
    if options.function or options.file_system:
        client = boto3.client("cloudwatch")
        figures = cloudwatch.read(client, options.function, options.file_system, began, datetime.now(UTC))
        print("\n".join([*cloudwatch.as_text(figures), *cloudwatch.advice(figures)]))
    return 1 if found.errors or not found.keeps_rate else 0


def _load(options: Namespace, count: int) -> Load:
    if options.keep_seconds is not None and not options.keep_seconds > 0:
        raise ValueError(f"--keep-seconds is {options.keep_seconds:g}; allowed is more than 0")
    if options.json and (options.keep_seconds or options.function or options.file_system):
        raise ValueError("--json prints the load's own figures; leave out --keep-seconds, --function and --file-system")
    if options.rate <= 0 or options.seconds <= 0:
        raise ValueError(f"--rate {options.rate:g} for --seconds {options.seconds:g} is no load; both are above 0")
    if options.sign and options.seconds + options.warm_up > VALID_SECONDS:
        raise ValueError(f"a signature is valid for {VALID_SECONDS} s; give --seconds {VALID_SECONDS - 60} or fewer")
    due = None if options.arrivals is None else read_times(options.arrivals).tolist()
    shares: Sequence[float] = zipf(count, options.zipf).tolist()
    return Load(
        rate=options.rate, seconds=options.seconds, pace=options.pace, shares=shares, seed=options.seed, due=due
    )


def _requests(options: Namespace, headers: Mapping[str, str], signer: Signer | None) -> list[LoadRequest]:
    files = dict(map(_of_model, options.body))
    if unknown := sorted(files.keys() - set(options.model)):
        raise ValueError(f"--body is for {unknown[0]}, which is no --model; those are {', '.join(options.model)}")
    bodies = {model: _content(file) for model, file in files.items()}
    made: list[LoadRequest] = []
    for number, model in enumerate(options.model):
        url = f"{options.url.rstrip('/')}/v2/models/{model}"
        signed = {} if signer is None else signer.headers("GET", url)
        if model in bodies:
            made.append(LoadRequest(model=model, dialect=options.dialect, body=bodies[model]))
        else:
            document = metadata(options.url, model, {**headers, **signed})
            made.append(load_request(model, document, options.dialect, options.seed + number))
    if sys.stderr.isatty():
        print(f"{len(made)} models, the first body is {len(made[0].body):,} bytes", file=sys.stderr)
    return made


def _of_model(text: str) -> tuple[str, Path]:
    model, equals, file = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} is no body; write MODEL=FILE")
    return model, Path(file)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ValueError(f"the body {file} cannot be read: {error}") from None


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise ValueError(f"{text!r} is no header; write NAME:VALUE")
    return name.strip(), value.strip()
