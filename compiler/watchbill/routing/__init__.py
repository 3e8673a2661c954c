"""Where alerts go: the tree built from the model, and Alertmanager's own way through any tree."""
