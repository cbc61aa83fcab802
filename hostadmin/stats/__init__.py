"""Counts of hosts: tables, facets, checks of the data."""
