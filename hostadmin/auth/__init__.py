"""Accounts, sessions and tokens. Functions flush, entry points commit; no web."""
