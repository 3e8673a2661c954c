"""Policy files as text: one canonical layout with every comment kept, mends with one right answer, migrations.

YAML writers lose or misplace comments once a key moves: ruamel.yaml hangs a comment on whatever stands before it. So a
file is read into a tree of our own (`tree`), in which each comment belongs to the key or item it speaks of (`comments`),
and written by a printer of our own (`printer`).
"""
