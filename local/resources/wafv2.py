"""WAF: which web ACL a stage has. The emulator inspects no request."""

from collections.abc import Mapping
from typing import Any

from local.resources.resource_type import Inputs, ResourceType


class WebAclAssociation(ResourceType):
    """aws.wafv2.WebAclAssociation. Deleting one takes off whatever web ACL the stage has, as on AWS."""

    pulumi_type = "aws:wafv2/webAclAssociation:WebAclAssociation"

    def make(self, inputs: Inputs) -> str:
        self.client().associate_web_acl(WebACLArn=inputs["webAclArn"], ResourceArn=inputs["resourceArn"])
        return f"{inputs['webAclArn']},{inputs['resourceArn']}"

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any] | None:
        _, _, resource = resource_id.partition(",")
        found = self.client().get_web_acl_for_resource(ResourceArn=resource).get("WebACL")
        return found and {"resourceArn": resource, "webAclArn": found["ARN"]}

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().disassociate_web_acl(ResourceArn=known["resourceArn"])


TYPES = (WebAclAssociation,)
