"""Workspaces to test and measure with: one large and realistic, many small and odd, and broken ones."""
