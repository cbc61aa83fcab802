"""``flask changes …``: what was done, and take it back."""

from flask.cli import AppGroup

from .undo import undo_command

changes = AppGroup("changes", help="Show what was changed, and undo it.")
changes.add_command(undo_command)
