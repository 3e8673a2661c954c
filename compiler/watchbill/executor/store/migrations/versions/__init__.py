"""One file for each version of the schema. A released one is never edited."""
