"""What Flask-Admin makes of a model, and what we replace of it."""
