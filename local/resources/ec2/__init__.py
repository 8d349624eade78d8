"""EC2: networks. The emulator keeps them and enforces nothing: every worker is a process of this machine."""

from local.resources.ec2.endpoints import VpcEndpoint
from local.resources.ec2.functions import FUNCTIONS as FUNCTIONS
from local.resources.ec2.groups import DefaultSecurityGroup, SecurityGroup
from local.resources.ec2.networks import Subnet, Vpc
from local.resources.ec2.routes import RouteTable, RouteTableAssociation

TYPES = (Vpc, Subnet, RouteTable, RouteTableAssociation, DefaultSecurityGroup, SecurityGroup, VpcEndpoint)
