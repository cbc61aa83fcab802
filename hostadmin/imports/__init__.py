"""Files into the inventory: read, checked, planned, and written as one change."""
