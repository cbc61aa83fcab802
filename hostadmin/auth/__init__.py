"""Accounts, sessions and tokens. Functions flush, edges commit; no web in here."""
