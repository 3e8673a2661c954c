"""Our own tree: from the model to what Alertmanager reads."""
