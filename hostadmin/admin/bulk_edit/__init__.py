"""The pages that change many hosts at once."""
