"""An alert's whole story, from the files it is written in to the people it wakes: one document, and that as text."""
