"""What a value may be, whichever way it comes in."""
