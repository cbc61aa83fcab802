"""Keyset paging: orders, places in a list, pages of any select."""
