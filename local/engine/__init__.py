"""Pulumi's own engine on this machine: the emulated AWS as a provider that it attaches to, and what drives it."""
