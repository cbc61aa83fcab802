"""Files in, step by step: what they are, what their columns mean, what will happen."""
