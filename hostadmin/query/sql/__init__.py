"""The query as SQL."""
