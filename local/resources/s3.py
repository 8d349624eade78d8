"""S3: buckets, their settings, and objects with their real content."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi

from local.bucket_events import to_function
from local.resources.account import EmulatedAccount
from local.resources.created import Call, Create, Created
from local.resources.words import capitalized


def bucket(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.s3.Bucket"""
    bucket = inputs.get("bucket") or account.physical_name({"namePrefix": inputs.get("bucketPrefix")}, name)
    account.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": account.region})
    return Created(
        bucket,
        {
            "bucket": bucket,
            "arn": f"arn:aws:s3:::{bucket}",
            "bucketDomainName": f"{bucket}.s3.amazonaws.com",
            "bucketRegionalDomainName": f"{bucket}.s3.{account.region}.amazonaws.com",
            "region": account.region,
        },
    )


def public_access_block(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.s3.BucketPublicAccessBlock"""
    keys = "blockPublicAcls ignorePublicAcls blockPublicPolicy restrictPublicBuckets".split()
    account.client("s3").put_public_access_block(
        Bucket=inputs["bucket"],
        PublicAccessBlockConfiguration={key[0].upper() + key[1:]: bool(inputs.get(key)) for key in keys},
    )
    return Created(inputs["bucket"])


def ownership_controls(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.s3.BucketOwnershipControls"""
    account.client("s3").put_bucket_ownership_controls(
        Bucket=inputs["bucket"], OwnershipControls={"Rules": [capitalized(inputs["rule"])]}
    )
    return Created(inputs["bucket"])


def encryption(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.s3.BucketServerSideEncryptionConfiguration"""
    rules: list[dict[str, Any]] = []
    for rule in inputs["rules"]:
        default = rule["applyServerSideEncryptionByDefault"]
        given: dict[str, Any] = {"SSEAlgorithm": default["sseAlgorithm"]}
        if key := default.get("kmsMasterKeyId"):
            given["KMSMasterKeyID"] = key
        rules.append(
            {"ApplyServerSideEncryptionByDefault": given, "BucketKeyEnabled": bool(rule.get("bucketKeyEnabled"))}
        )
    account.client("s3").put_bucket_encryption(
        Bucket=inputs["bucket"], ServerSideEncryptionConfiguration={"Rules": rules}
    )
    return Created(inputs["bucket"])


def versioning(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.s3.BucketVersioning"""
    status = inputs["versioningConfiguration"]["status"]
    account.client("s3").put_bucket_versioning(Bucket=inputs["bucket"], VersioningConfiguration={"Status": status})
    return Created(inputs["bucket"])


def lifecycle(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.s3.BucketLifecycleConfiguration"""
    rules = [
        {**capitalized(rule), "ID": rule["id"], "Filter": capitalized(rule.get("filter", {}))}
        for rule in inputs["rules"]
    ]
    for rule in rules:
        del rule["Id"]
    account.client("s3").put_bucket_lifecycle_configuration(
        Bucket=inputs["bucket"], LifecycleConfiguration={"Rules": rules}
    )
    return Created(inputs["bucket"])


def bucket_policy(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.s3.BucketPolicy"""
    account.client("s3").put_bucket_policy(Bucket=inputs["bucket"], Policy=inputs["policy"])
    return Created(inputs["bucket"])


def bucket_object(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.s3.BucketObjectv2"""
    options: dict[str, Any] = {}
    for key in ("contentType", "contentEncoding", "cacheControl", "metadata", "checksumAlgorithm"):
        if key in inputs:
            options[key[0].upper() + key[1:]] = inputs[key]
    key = inputs["key"]
    answer = account.client("s3").put_object(Bucket=inputs["bucket"], Key=key, Body=_content(name, inputs), **options)
    return Created(
        key,
        {
            "etag": answer["ETag"].strip('"'),
            "versionId": answer.get("VersionId", ""),
            "arn": f"arn:aws:s3:::{inputs['bucket']}/{key}",
        },
    )


def notification(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.s3.BucketNotification, to functions"""
    if other := sorted({"queues", "topics", "eventbridge"} & {key for key, value in inputs.items() if value}):
        raise ValueError(f"the local stack delivers a bucket's events to functions only, and these are {other}")
    functions = [
        to_function(each["lambdaFunctionArn"], each["events"], each.get("filterPrefix"), each.get("filterSuffix"))
        for each in inputs.get("lambdaFunctions", ())
    ]
    account.bucket_events.set(account.client("s3"), inputs["bucket"], "the program", functions)
    return Created(inputs["bucket"])


def get_objects(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.s3.get_objects"""
    prefix, most = arguments.get("prefix", ""), int(arguments.get("maxKeys") or 1000)
    answer = account.client("s3").list_objects_v2(Bucket=arguments["bucket"], Prefix=prefix, MaxKeys=most)
    keys = [entry["Key"] for entry in answer.get("Contents", [])]
    return {**arguments, "id": arguments["bucket"], "keys": keys, "commonPrefixes": [], "owners": []}


def get_object(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.s3.get_object"""
    answer = account.client("s3").get_object(Bucket=arguments["bucket"], Key=arguments["key"])
    return {
        **arguments,
        "id": f"{arguments['bucket']}/{arguments['key']}",
        "body": answer["Body"].read().decode(),
        "contentType": answer["ContentType"],
        "contentLength": answer["ContentLength"],
        "etag": answer["ETag"].strip('"'),
        "metadata": answer["Metadata"],
        "versionId": answer.get("VersionId", ""),
    }


def _content(name: str, inputs: dict[str, Any]) -> bytes:
    source = inputs.get("source")
    if isinstance(source, pulumi.FileAsset):
        return Path(source.path).read_bytes()
    if isinstance(source, pulumi.StringAsset):
        return source.text.encode()
    if "contentBase64" in inputs:
        return base64.b64decode(inputs["contentBase64"])
    if "content" in inputs:
        return str(inputs["content"]).encode()
    raise ValueError(f"the object {name} has neither 'source' as a file or text asset, nor 'content'")


RESOURCES: Mapping[str, Create] = {
    "aws:s3/bucket:Bucket": bucket,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": public_access_block,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": ownership_controls,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": encryption,
    "aws:s3/bucketVersioning:BucketVersioning": versioning,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": lifecycle,
    "aws:s3/bucketPolicy:BucketPolicy": bucket_policy,
    "aws:s3/bucketObjectv2:BucketObjectv2": bucket_object,
    "aws:s3/bucketNotification:BucketNotification": notification,
}

CALLS: Mapping[str, Call] = {
    "aws:s3/getObjects:getObjects": get_objects,
    "aws:s3/getObject:getObject": get_object,
}
