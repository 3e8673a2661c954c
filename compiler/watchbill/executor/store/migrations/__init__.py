"""Alembic's migrations, run by store/migrate.py in its own transaction."""
