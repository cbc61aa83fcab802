"""Long work, one piece at a time: queued, run by any process, watched and ended."""

from .runner import Runner, Running, Work
from .table import (
    Cancelled,
    JobView,
    Lost,
    add_job,
    cancel_job,
    find_job,
    forget_jobs,
)

__all__ = [
    "Cancelled",
    "JobView",
    "Lost",
    "Runner",
    "Running",
    "Work",
    "add_job",
    "cancel_job",
    "find_job",
    "forget_jobs",
]
