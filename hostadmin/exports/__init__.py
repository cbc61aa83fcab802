"""Hosts out of the database, into files."""
