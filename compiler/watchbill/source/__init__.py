"""Policy files, places in them, and findings."""
