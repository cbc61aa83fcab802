"""The query: what a person means by "these hosts", from text or URL to SQL."""
