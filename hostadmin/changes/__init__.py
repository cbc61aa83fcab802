"""Reading the history: which changes, what they say, and what an object was."""
