"""Answers API Gateway; the path can ask for an exception, a death or a wait without end."""

import json
import os
import signal
import threading


def handler(event, context):
    match event["rawPath"]:
        case "/raise":
            raise ValueError("a secret")
        case "/die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "/hang":
            threading.Event().wait()
    body = {"rawPath": event["rawPath"], "version": event["version"], "greeting": os.environ["GREETING"]}
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
