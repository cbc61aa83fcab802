"""Ansible inventories: INI, YAML and JSON, read and written."""
