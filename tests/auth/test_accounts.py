"""Accounts and tokens: the rules, and the commands."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from hostadmin import history
from hostadmin.auth import accounts, passwords, tokens
from hostadmin.clock import utcnow
from hostadmin.db.session import db
from hostadmin.errors import Conflict, HostadminError, InvalidInput, InvalidValue
from hostadmin.limits import limits
from hostadmin.models import Account, ApiToken, ChangeEntry, ChangeSet
from hostadmin.validation.accounts import Role

GOOD = "correct horse battery"


@pytest.fixture
def run(runner, session):
    """Run a command and return its exit code, output and errors."""

    def invoke(*arguments, stdin=""):
        session.rollback()
        result = runner.invoke(args=list(arguments), input=stdin)
        session.rollback()
        return result.exit_code, result.stdout, result.stderr

    return invoke


def entries(session):
    return session.execute(
        sa.select(
            ChangeEntry.subject,
            ChangeEntry.subject_name,
            ChangeEntry.action,
            ChangeEntry.changes,
        ).order_by(ChangeEntry.id)
    ).all()


# ---- names


@pytest.mark.parametrize(
    "name", ["Ann", "ann.b", "ann_b", "a-b@example.net", "0", "a" * 64, " ann "]
)
def test_names_that_can_be(session, name):
    with history.writing("t"):
        assert accounts.add_account(name, "h", "viewer").username == name.strip()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "a b",
        "-a",
        ".a",
        "a/b",
        "a\x00",
        "a\nb",
        "a\u200b",
        "\u0430dmin",
        "adm\u0131n",
        "ad\u00admin",
        "\uff41dmin",
        "jörg",
        "\ud800",
        "a" * 65,
        None,
        7,
    ],
)
def test_names_that_look_like_others_or_like_nothing_are_refused(session, name):
    with pytest.raises(InvalidInput), history.writing("t"):
        accounts.add_account(name, "h", "viewer")


@pytest.mark.parametrize("taken", ["ann", "ANN", "Ann"])
def test_case_makes_no_other_name(session, taken):
    with history.writing("t"):
        accounts.add_account("aNn", "h", "viewer")
    with pytest.raises(InvalidInput, match="already exists"), history.writing("t"):
        accounts.add_account(taken, "h", "viewer")


@pytest.mark.parametrize("typed", ["ann", "ANN", " Ann ", "\uff21nn"])
def test_an_account_is_found_as_people_type(session, typed):
    with history.writing("t"):
        accounts.add_account("Ann", "h", "viewer")

    assert accounts.find_account(typed).username == "Ann"


@pytest.mark.parametrize("typed", ["", "a\x00nn", "x" * 100_000, "\ud800", "an n"])
def test_what_can_be_no_name_finds_nothing(session, typed):
    assert accounts.find_account(typed) is None


# ---- passwords


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "  two blanks count  ", "pässwörter ößä 字", "x7" * 512],
)
def test_good_passwords_are_taken_unchanged(password):
    if password != "x7" * 512:
        passwords.check_new_password(password, "ann", 12)
    hashed = passwords.hash_password(password)

    assert hashed.startswith("$argon2id$")
    assert passwords.is_right(password, hashed)
    assert not passwords.is_right(password.strip() + "!", hashed)
    assert not passwords.is_right(password.upper() + " ", hashed)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "short",
        "elevenchars",
        "x" * 12,
        "password1234",
        "passwordpassword",
        "qwertyuiop12",
        "123456789012",
        "ann-ann-ann-",
        "y" * 1025,
        "good enough \ud800 but",
    ],
)
def test_easy_and_impossible_passwords_are_refused(password):
    with pytest.raises(InvalidValue):
        passwords.check_new_password(password, "ann", 12)


def test_a_password_of_a_megabyte_is_wrong_and_quick():
    hashed = passwords.hash_password(GOOD)

    assert not passwords.is_right(GOOD + "x" * 2**20, hashed)
    assert not passwords.is_right("x" * 2**20, None)
    assert not passwords.is_right(GOOD, None)
    assert not passwords.is_right(GOOD, "no hash at all")
    assert not passwords.is_right("nobody's password", None)


def test_the_parameters_are_those_of_the_library_and_old_ones_are_noticed():
    cheap = passwords.hash_password(GOOD)
    ours = passwords._hasher
    passwords.use(PasswordHasher())
    try:
        assert passwords.is_outdated(cheap)
        assert passwords.is_right(GOOD, cheap)
        strong = passwords.hash_password(GOOD)
        assert "m=65536,t=3" in strong
        assert not passwords.is_outdated(strong)
    finally:
        passwords.use(ours)


# ---- the last admin


def test_the_last_admin_stays(session):
    with history.writing("t"):
        id_ = accounts.add_account("ann", "h", "admin").id
        other = accounts.add_account("bob", "h", "admin").id
    with history.writing("t"):
        accounts.set_active(other, False)
    for work in (
        lambda: accounts.change_role(id_, "editor"),
        lambda: accounts.set_active(id_, False),
    ):
        with pytest.raises(Conflict, match="last admin"), history.writing("t"):
            work()
    assert accounts.get_account(id_).role is Role.ADMIN
    assert accounts.get_account(id_).active


def test_two_admins_cannot_remove_each_other_at_once(app):
    with app.app_context(), history.writing("t"):
        ids = [accounts.add_account(name, "h", "admin").id for name in ("ann", "bob")]
    barrier = threading.Barrier(2)
    refused = []

    def demote(id_):
        with app.app_context():
            barrier.wait()
            try:
                history.write(
                    history.ActorContext("t", "command"),
                    lambda: accounts.change_role(id_, "viewer"),
                )
            except HostadminError as error:
                refused.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=demote, args=(id_,)) for id_ in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with app.app_context():
        roles = [account.role for account in accounts.list_accounts()]
    assert sorted(role.value for role in roles) == ["admin", "viewer"]
    assert len(refused) == 1


# ---- tokens


def test_a_token_is_found_by_its_key_alone(session):
    with history.writing("t"):
        token, key = tokens.add_token("prometheus", "viewer", read_only=True)
        id_ = token.id

    found = tokens.find_token(key).identity
    assert (found.token_id, found.role, found.read_only) == (id_, Role.VIEWER, True)
    assert found.account_id is None
    for wrong in ("", key[:-1], key + "x", key.upper(), "x" * 10_000, "\ud800"):
        assert tokens.find_token(wrong) is None
    stored = session.scalars(sa.select(ApiToken.key_hash)).all()
    assert key not in stored


def test_a_token_may_no_more_than_its_owner_does_now(session):
    with history.writing("t"):
        accounts.add_account("root", "h", "admin")
        ann = accounts.add_account("ann", "h", "editor")
        ann_id = ann.id
        with pytest.raises(InvalidInput, match="higher role than yours"):
            tokens.add_token("t", "admin", owner=ann)
        _, key = tokens.add_token("t", "editor", owner=ann)

    assert tokens.find_token(key).identity.role is Role.EDITOR
    with history.writing("t"):
        accounts.change_role(ann_id, "viewer", keep_tokens=True)
    assert tokens.find_token(key).identity.role is Role.VIEWER
    with history.writing("t"):
        accounts.set_active(ann_id, False)
    assert tokens.find_token(key) is None


def test_what_weakens_an_account_ends_its_tokens_unless_they_are_kept(session):
    def works(work):
        with history.writing("t"):
            key = tokens.add_token("hers", "viewer", owner=accounts.get_account(ann))[1]
        with history.writing("t"):
            work()
        return tokens.find_token(key) is not None

    with history.writing("t"):
        ann = accounts.add_account("ann", "h", "editor").id
        other = tokens.add_token("of nobody", "viewer")[1]

    assert not works(lambda: accounts.set_password(ann, "h2"))
    assert not works(lambda: accounts.change_role(ann, "viewer"))
    assert works(lambda: accounts.change_role(ann, "viewer"))
    assert works(lambda: accounts.set_password(ann, "h3", keep_tokens=True))
    assert works(lambda: accounts.change_role(ann, "editor", keep_tokens=True))
    assert tokens.find_token(other) is not None
    ended = [entry[:3] for entry in entries(session) if entry.action == "deleted"]
    assert ended == [("token", "hers", "deleted")] * 2


def test_a_person_has_so_many_tokens_and_no_more(session, monkeypatch):
    monkeypatch.setattr(limits, "account_tokens", 2)
    with history.writing("t"):
        ann = accounts.add_account("ann", "h", "editor")
        bob = accounts.add_account("bob", "h", "editor")
        first, _ = [tokens.add_token("t", "viewer", owner=ann)[0].id for _ in "12"]
        with pytest.raises(InvalidInput, match="Revoke one first"):
            tokens.add_token("t", "viewer", owner=ann)
        tokens.add_token("t", "viewer", owner=bob)
        tokens.revoke(first)
        tokens.add_token("t", "viewer", owner=ann)


def test_an_expired_or_revoked_token_is_none(session):
    with history.writing("t"):
        token, key = tokens.add_token("t", "viewer", days=1)
        other, other_key = tokens.add_token("u", "viewer")
        ids = token.id, other.id
    assert tokens.find_token(key)

    with history.writing("t"):
        session.get(ApiToken, ids[0]).expires_at = utcnow() - timedelta(seconds=1)
        tokens.revoke(ids[1])

    assert tokens.find_token(key) is None
    assert tokens.find_token(other_key) is None


@pytest.mark.parametrize("name", ["", "x" * 65, "a\nb", None])
def test_a_token_needs_a_name(session, name):
    with pytest.raises(InvalidInput), history.writing("t"):
        tokens.add_token(name, "viewer")


# ---- the history


def test_the_history_tells_what_was_done_and_no_secret(session):
    with history.writing("t"):
        id_ = accounts.add_account("ann", passwords.hash_password(GOOD), "editor").id
        accounts.set_password(id_, passwords.hash_password(f"{GOOD} 2"))
        accounts.change_role(id_, "viewer")
        token, key = tokens.add_token("t", "viewer")
        tokens.revoke(token.id)

    recorded = entries(session)
    assert [tuple(entry[:3]) for entry in recorded] == [
        ("account", "ann", "created"),
        ("account", "ann", "new password"),
        ("account", "ann", "changed"),
        ("token", "t", "created"),
        ("token", "t", "deleted"),
    ]
    assert recorded[2].changes == {"role": ["editor", "viewer"]}
    text = repr(recorded)
    for secret in (GOOD, "argon2", key, key[-10:]):
        assert secret not in text


def test_what_is_refused_leaves_nothing(session):
    with history.writing("t"):
        id_ = accounts.add_account("ann", "h", "admin").id
    before = len(entries(session))
    for work in (
        lambda: accounts.change_role(id_, "viewer"),
        lambda: accounts.add_account("ANN", "h", "viewer"),
        lambda: tokens.add_token("", "viewer"),
    ):
        with pytest.raises(HostadminError), history.writing("t"):
            work()
    assert len(entries(session)) == before


def test_a_statement_past_the_history_is_refused(session):
    for statement in (
        sa.update(Account).values(role=Role.ADMIN),
        sa.delete(ApiToken),
    ):
        with pytest.raises(RuntimeError, match="leave no history"):
            session.execute(statement)
        session.rollback()


# ---- commands


def test_accounts_are_added_listed_and_shut_in_a_terminal(run, session):
    assert run("accounts", "add", "ann", "--role", "admin", stdin=f"{GOOD}\n")[0] == 0
    assert run("accounts", "add", "bob", "--role", "viewer", stdin=GOOD)[0] == 0
    assert run("accounts", "role", "bob", "editor")[0] == 0
    assert run("accounts", "disable", "BOB")[0] == 0

    code, out, _ = run("accounts", "list")
    assert code == 0
    assert out == "ann\tadmin\tactive\t\nbob\teditor\tdisabled\t\n"
    assert run("accounts", "enable", "bob")[0] == 0
    code, out, _ = run("accounts", "password", "bob", stdin="another horse battery\n")
    assert (code, "all tokens revoked" in out) == (0, True)
    kept = run("accounts", "role", "bob", "viewer", "--keep-tokens")
    assert kept[0] == 0
    assert passwords.is_right(
        "another horse battery", accounts.find_account("bob").password_hash
    )
    actors = session.scalars(sa.select(ChangeSet.source).distinct()).all()
    assert actors == ["command"]


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        (("add", "x", "--role", "viewer"), "short\n", "12 characters"),
        (("add", "x", "--role", "viewer"), "", "No password"),
        (("add", "x", "--role", "viewer"), "password1234\n", "too easy to guess"),
        (("add", "x", "--role", "viewer"), "x" * 9000, "1,024 characters"),
        (("add", "x", "--role", "viewer"), b"\xff\xfe no utf-8 \xff", "UTF-8"),
        (("add", "ANN", "--role", "viewer"), GOOD, "already exists"),
        (("add", "a b", "--role", "viewer"), GOOD, "is not a valid name"),
        (("disable", "ann"), "", "last admin"),
        (("role", "ann", "viewer"), "", "last admin"),
        (("disable", "nobody"), "", "does not exist"),
        (("password", "nobody"), GOOD, "does not exist"),
    ],
)
def test_what_cannot_be_done_ends_with_one_line(run, arguments, stdin, words):
    run("accounts", "add", "ann", "--role", "admin", stdin=GOOD)

    code, out, err = run("accounts", *arguments, stdin=stdin)

    assert (code, out) == (1, "")
    assert words in err
    assert len(err.splitlines()) == 1
    assert run("accounts", "list")[1] == "ann\tadmin\tactive\t\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("accounts", "add", "x"),
        ("accounts", "add", "x", "--role", "root"),
        ("tokens", "add", "x"),
        ("tokens", "add", "x", "--role", "viewer", "--expires", "0"),
    ],
)
def test_wrong_usage_ends_with_two(run, arguments):
    assert run(*arguments)[0] == 2


def test_tokens_are_printed_once_and_alone(run, session):
    code, out, err = run(
        "tokens", "add", "prom", "--role", "viewer", "--read-only", "--expires", "3"
    )
    assert (code, err) == (0, "")
    key = out.strip()
    assert out == f"{key}\n"
    assert tokens.find_token(key).identity.read_only

    listed = run("tokens", "list")[1]
    assert key not in listed
    assert listed.split("\t")[1:5] == ["prom", "", "viewer", "read"]
    assert run("tokens", "revoke", "prom")[0] == 0
    assert tokens.find_token(key) is None
    assert run("tokens", "revoke", "prom")[0] == 1
