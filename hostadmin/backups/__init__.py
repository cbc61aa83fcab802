"""The whole database in a file, and back; or straight into another database."""

from .archive import SUFFIX, Contents, check_archive, write_archive
from .copy import Copied, copy, restore
from .target import Progress

__all__ = [
    "SUFFIX",
    "Contents",
    "Copied",
    "Progress",
    "check_archive",
    "copy",
    "restore",
    "write_archive",
]
