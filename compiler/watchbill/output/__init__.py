"""Artifacts to disk, and through the tools that judge them."""
