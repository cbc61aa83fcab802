"""Hosts from files and to files. A format knows no database, the rest no format."""
