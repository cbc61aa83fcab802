"""What an import keeps in the database between its steps."""

import io
import random

from hostadmin.imports import uploads
from hostadmin.imports.choices import Choices
from hostadmin.limits import limits


def test_a_plan_comes_back_whole_and_says_how_far_it_is_kept(session, tmp_path):
    row = {"owner": "somebody", "actor": "somebody", "address": None}
    file = io.BufferedReader(io.BytesIO(b"hostname\nweb-1\n"))
    import_id = uploads.keep_upload(file, "a.csv", 2**30, row, Choices().as_json())
    plan, back = tmp_path / "plan", tmp_path / "back"
    plan.write_bytes(random.Random(1).randbytes(limits.upload_piece * 3 + 7))
    shares: list[float] = []

    uploads.save_plan(import_id, plan, shares.append)

    assert len(shares) == 4
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert uploads.load_plan(session, import_id, back)
    assert back.read_bytes() == plan.read_bytes()
