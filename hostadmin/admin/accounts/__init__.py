"""The pages of accounts, and of one's own."""
