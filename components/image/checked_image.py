"""Checked images: an image's address, once its registry says that Lambda takes the image."""

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

import pulumi
import pulumi_aws as aws

from components.image.image_manifest import check_image
from components.image.image_registry import ImageUnreadable, read_image
from handlers.contract import Architecture


def checked_image(
    image_uri: pulumi.Input[str],
    login: pulumi.Output[aws.ecr.GetAuthorizationTokenResult],
    architecture: Architecture,
) -> pulumi.Output[str]:
    """The same address. Whatever takes it waits until the registry has said what the image is.

    An image that is there already is checked in a preview, too. A registry that cannot be read is warned of and no
    more: who deploys need not be allowed, or able, to read what Lambda reads. Where AWS is played, there is none.

    Args:
        image_uri: host/repository@sha256:digest.
        login: what ECR gives for logging in; it has no `proxy_endpoint` where there is no registry.
        architecture: the functions'.

    Raises:
        ImageRefused: inside the output. Lambda would refuse the image, or could not start it.
    """

    async def check(known: Sequence[str | None]) -> str:
        uri, endpoint, token = str(known[0]), *known[1:]
        if not endpoint:
            return uri
        try:
            manifest, config = await asyncio.to_thread(read_image, uri, token if _same_domain(uri, endpoint) else None)
        except ImageUnreadable as error:
            pulumi.log.warn(f"{error}. Whether Lambda takes the image is not known before it is given to a function.")
        else:
            check_image(uri, manifest, config, architecture)
        return uri

    read = pulumi.Output.all(image_uri, login.proxy_endpoint, login.authorization_token).apply(check)
    return pulumi.Output.unsecret(read)  # the token is secret, the address is not


def _same_domain(image_uri: str, endpoint: str) -> bool:
    """Whether an image's registry is one of those that the login is for: all of a region's, whosever they are. No other
    is told the token."""
    registry, home = image_uri.split("/")[0], urlsplit(endpoint).netloc
    return registry.partition(".")[2] == home.partition(".")[2] != ""
