"""Why a database cannot serve just now."""

import enum


class Trouble(enum.Enum):
    """The value is a sentence for people."""

    LOCKED = "Somebody else is writing to the database, and it stayed locked."
    FULL = "The disk of the database is full; the people who run it must make room."
    READ_ONLY = "The database takes no changes just now; reading goes on."
    SLOW = "The database took too long."
    CROWDED = "Too many people want something at once."
    AWAY = "The database does not answer."
