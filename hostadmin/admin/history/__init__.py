"""The pages of changes and of their undo."""
