"""S3: buckets, their settings, and objects with their real content."""

from collections.abc import Mapping

from local.resources.resource_type import Call
from local.resources.s3.buckets import Bucket, get_bucket, get_bucket_policy
from local.resources.s3.notifications import BucketNotification
from local.resources.s3.objects import BucketObject, get_object, get_objects
from local.resources.s3.settings import SETTINGS

TYPES = (Bucket, *SETTINGS, BucketObject, BucketNotification)

FUNCTIONS: Mapping[str, Call] = {
    "aws:s3/getBucket:getBucket": get_bucket,
    "aws:s3/getBucketPolicy:getBucketPolicy": get_bucket_policy,
    "aws:s3/getObjects:getObjects": get_objects,
    "aws:s3/getObject:getObject": get_object,
}
