"""Route tables and the subnets that use them."""

from collections.abc import Mapping
from typing import Any

from local.resources.ec2 import tags
from local.resources.refusals import ec2 as refusals
from local.resources.resource_type import Inputs, ResourceType, the_only


class RouteTable(ResourceType):
    """aws.ec2.RouteTable"""

    pulumi_type = "aws:ec2/routeTable:RouteTable"
    computed = ("arn", "ownerId")

    def make(self, inputs: Inputs) -> str:
        made = self.client().create_route_table(VpcId=inputs["vpcId"], **tags.specified("route-table", inputs))
        return made["RouteTable"]["RouteTableId"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        table = the_only(self.client().describe_route_tables(RouteTableIds=[resource_id])["RouteTables"])
        return {
            "arn": self.arn(f"route-table/{resource_id}"),
            "vpcId": table["VpcId"],
            "ownerId": table["OwnerId"],
            **tags.told(table),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        tags.changed(self.client(), resource_id, old, new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        refusals.of_deleted_route_table(self.account, resource_id)
        self.client().delete_route_table(RouteTableId=resource_id)


class RouteTableAssociation(ResourceType):
    """aws.ec2.RouteTableAssociation. Another route table makes AWS give the association another id; the resource
    keeps its own, and is found by its subnet."""

    pulumi_type = "aws:ec2/routeTableAssociation:RouteTableAssociation"

    def make(self, inputs: Inputs) -> str:
        refusals.of_association(self.account, inputs["routeTableId"], inputs["subnetId"])
        made = self.client().associate_route_table(RouteTableId=inputs["routeTableId"], SubnetId=inputs["subnetId"])
        return made["AssociationId"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any] | None:
        found = self._found_in_tables(resource_id, known)
        return found and {"routeTableId": found["RouteTableId"], "subnetId": found["SubnetId"]}

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        if found := self._found_in_tables(resource_id, old):
            self.client().replace_route_table_association(
                AssociationId=found["RouteTableAssociationId"], RouteTableId=new["routeTableId"]
            )

    def remove(self, resource_id: str, known: Inputs) -> None:
        if found := self._found_in_tables(resource_id, known):
            self.client().disassociate_route_table(AssociationId=found["RouteTableAssociationId"])

    def _found_in_tables(self, resource_id: str, known: Inputs) -> Mapping[str, Any] | None:
        if "subnetId" in known:
            asked = {"Name": "association.subnet-id", "Values": [known["subnetId"]]}
        else:
            asked = {"Name": "association.route-table-association-id", "Values": [resource_id]}
        tables = self.client().describe_route_tables(Filters=[asked])["RouteTables"]
        associations = [each for table in tables for each in table["Associations"]]
        return next(
            (
                each
                for each in associations
                if each.get("SubnetId") == known.get("subnetId") or each["RouteTableAssociationId"] == resource_id
            ),
            None,
        )
