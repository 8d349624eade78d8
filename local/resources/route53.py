"""Route 53: records. Nothing on this machine asks the emulator for a name."""

from collections.abc import Mapping
from typing import Any

from local.resources.resource_type import Inputs, ResourceType


class Record(ResourceType):
    """aws.route53.Record"""

    pulumi_type = "aws:route53/record:Record"
    computed = ("fqdn",)

    def make(self, inputs: Inputs) -> str:
        self._send("UPSERT" if inputs.get("allowOverwrite") else "CREATE", inputs)
        return f"{inputs['zoneId']}_{inputs['name']}_{inputs['type']}"

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any] | None:
        zone, name, kind = resource_id.split("_", 2)
        listed = self.client().list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
        found = any(each["Name"].rstrip(".") == name.rstrip(".") and each["Type"] == kind for each in listed)
        return {"fqdn": name, "name": name, "type": kind, "zoneId": zone} if found else None

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self._send("UPSERT", new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        self._send("DELETE", known)

    def _send(self, action: str, inputs: Inputs) -> None:
        record: dict[str, Any] = {"Name": inputs["name"], "Type": inputs["type"]}
        if values := inputs.get("records"):
            record |= {"TTL": inputs["ttl"], "ResourceRecords": [{"Value": value} for value in values]}
        for alias in inputs.get("aliases") or ():
            record["AliasTarget"] = {
                "HostedZoneId": alias["zoneId"],
                "DNSName": alias["name"],
                "EvaluateTargetHealth": bool(alias["evaluateTargetHealth"]),
            }
        change = {"Action": action, "ResourceRecordSet": record}
        self.client().change_resource_record_sets(HostedZoneId=inputs["zoneId"], ChangeBatch={"Changes": [change]})


TYPES = (Record,)
