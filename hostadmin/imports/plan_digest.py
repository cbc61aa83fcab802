"""What a plan of an import says, in short: another plan has another digest."""

import hashlib
import json

from .importer import Plan
from .staged_table import SAME


def plan_digest(plan: Plan, *asked: object) -> str:
    """Return the digest of what would be written to what, at which versions.

    ``asked`` is what else was chosen.
    """
    digest = hashlib.sha256(json.dumps([plan.replace, *asked]).encode())
    staging = plan.staging
    for table in (staging.inventory, staging.groups, staging.hosts):
        for batch in table.batches():
            for row in batch:
                said = [table.subject, row.name, row.action, row.object_id, row.version]
                if row.action != SAME:
                    said += [row.fields, row.changes]
                digest.update(json.dumps(said, sort_keys=True, default=str).encode())
    return digest.hexdigest()
