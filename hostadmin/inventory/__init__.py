"""What can be done with hosts and groups. Functions flush; the entry points commit."""
