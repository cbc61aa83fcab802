"""Servers on one database that sign with different keys."""

from hostadmin.auth.shared_key import is_another

ON_A_CLUSTER = True


def test_another_key_is_shown_at_each_start_with_another(app):
    with app.app_context():
        assert not is_another("a" * 40), "the first"
        assert not is_another("a" * 40), "the same"
        assert is_another("b" * 40)
        assert not is_another("b" * 40), "replaced"
        assert is_another("a" * 40), "both are in use"
