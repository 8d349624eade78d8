"""What a deployment costs and how fast it answers, estimated before it is made."""
