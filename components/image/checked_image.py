"""Checked images: an image's address, after a check that Lambda accepts the image."""

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

import pulumi
import pulumi_aws as aws

from components.image.image_manifest import ImageRefused, check_image
from components.image.image_registry import ImageUnreadable, read_image
from handlers.contract import Architecture


def checked_image(
    image_uri: pulumi.Input[str],
    login: pulumi.Output[aws.ecr.GetAuthorizationTokenResult],
    architecture: Architecture,
    removal: pulumi.Input[str] = "",
) -> pulumi.Output[str]:
    """The same address. Resources that use it wait for the check.

    A preview checks images that exist already. A registry that cannot be read causes a warning only: the deployer may
    lack access that Lambda has. The emulator has no registry, and nothing is checked there.

    Args:
        image_uri: host/repository@sha256:digest.
        login: ECR's login; without `proxy_endpoint` where there is no registry.
        architecture: of the functions.
        removal: what to do about a refused image, besides building another one.

    Raises:
        ImageRefused: inside the output. Lambda would refuse the image, or fail to start it.
    """

    async def check(known: Sequence[str | None]) -> str:
        uri, endpoint, token, remedy = str(known[0]), *known[1:]
        if not endpoint:
            return uri
        try:
            manifest, config = await asyncio.to_thread(read_image, uri, token if _same_domain(uri, endpoint) else None)
        except ImageUnreadable as error:
            pulumi.log.warn(f"{error}. Whether Lambda takes the image is not known before it is given to a function.")
        else:
            try:
                check_image(uri, manifest, config, architecture)
            except ImageRefused as error:
                raise ImageRefused(f"{error} {remedy}".rstrip()) from None
        return uri

    read = pulumi.Output.all(image_uri, login.proxy_endpoint, login.authorization_token, removal).apply(check)
    return pulumi.Output.unsecret(read)  # the token is secret, the address is not


def _same_domain(image_uri: str, endpoint: str) -> bool:
    """Whether the login is for the image's registry: it is for all registries of one region, in any account. Other
    registries must not see the token."""
    registry, home = image_uri.split("/")[0], urlsplit(endpoint).netloc
    return registry.partition(".")[2] == home.partition(".")[2] != ""
