"""Tables as CSV, read and written."""
