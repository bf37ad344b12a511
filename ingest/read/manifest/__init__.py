"""Probe manifests and probe masks of methylation arrays."""
