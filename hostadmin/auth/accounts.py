"""What can be done with accounts. Whatever weakens one ends its sessions at once."""

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ..db.guards import ADMINS, take_turn
from ..db.session import db
from ..errors import Conflict, FieldError, InvalidInput, InvalidValue, NotFound
from ..history import add_entries
from ..models import Account, AccountSession, ApiToken, SetupLink
from ..validation.accounts import (
    Role,
    clean_role,
    clean_username,
    is_username,
    username_key,
)
from ..validation.values import quoted

LAST_ADMIN = (
    "This is the last admin who can log in. Make another account an admin first."
)


def list_accounts() -> list[Account]:
    """Return all accounts by name: there are people, not hosts, behind them."""
    return list(db.session.scalars(sa.select(Account).order_by(Account.username_key)))


def have_accounts() -> bool:
    return db.session.scalar(sa.select(Account.id).limit(1)) is not None


def find_account(username: str) -> Account | None:
    """Return the account of a name as somebody types it, in any case."""
    key = username_key(username)
    if not is_username(key):
        return None
    return db.session.scalar(sa.select(Account).where(Account.username_key == key))


def get_account(id_: int) -> Account:
    account = db.session.get(Account, id_)
    if account is None:
        raise NotFound(f"Account {id_} does not exist.")
    return account


def named_account(username: str) -> Account:
    account = find_account(username)
    if account is None:
        raise NotFound(f"Account {quoted(username)} does not exist.")
    return account


def check_new_name(username: object) -> str:
    """Return the name if an account can have it. Raises ``InvalidInput``."""
    try:
        cleaned = clean_username(username)
    except InvalidValue as error:
        raise InvalidInput([FieldError("username", str(error))]) from None
    if find_account(cleaned) is not None:
        raise InvalidInput(
            [
                FieldError(
                    "username", f"{quoted(cleaned)} already exists (case is ignored)."
                )
            ]
        )
    return cleaned


def add_account(username: object, password_hash: str, role: Role | str) -> Account:
    """Add an account; the link for the first one is void from now on."""
    account = Account(
        username=check_new_name(username),
        password_hash=password_hash,
        role=clean_role(role),
    )
    db.session.add(account)
    db.session.execute(sa.delete(SetupLink))
    try:
        db.session.flush()
    except IntegrityError:
        # Somebody else was faster: the database is the judge of that.
        raise Conflict(f"{quoted(account.username)} has just been taken.") from None
    return account


def change_role(id_: int, role: Role | str, *, keep_tokens: bool = False) -> Account:
    """Give another role; the last admin keeps it."""
    account, wanted = get_account(id_), clean_role(role)
    if account.role is not wanted and not keep_tokens:
        _end_tokens(id_)
    return _set(account, "role", wanted)


def set_active(id_: int, active: bool) -> Account:
    """Shut an account, or open it again; the last admin stays."""
    return _set(get_account(id_), "active", active)


def _set(account: Account, name: str, value: Role | bool) -> Account:
    """Change what an account may do; anyone who is logged in with it no longer is."""
    if getattr(account, name) is value:
        return account
    _keep_an_admin(account)
    setattr(account, name, value)
    end_sessions(account.id)
    db.session.flush()
    return account


def set_password(id_: int, password_hash: str, *, keep_tokens: bool = False) -> Account:
    """Replace the password; anyone who is logged in with the old one no longer is.

    Anyone who knew it may have made tokens, too.
    """
    account = get_account(id_)
    account.password_hash = password_hash
    db.session.flush()
    if not keep_tokens:
        _end_tokens(id_)
    end_sessions(account.id)
    record(account, "new password")
    return account


def set_theme(id_: int, theme: str | None) -> None:
    """Remember the colours; a taste is no change that the history tells."""
    get_account(id_).theme = theme if theme in ("light", "dark") else None
    db.session.flush()


def end_sessions(account_id: int) -> None:
    db.session.execute(
        sa.delete(AccountSession).where(AccountSession.account_id == account_id)
    )


def _end_tokens(account_id: int) -> None:
    # One by one, so that the history names each.
    own = sa.select(ApiToken).where(ApiToken.account_id == account_id)
    for token in db.session.scalars(own):
        db.session.delete(token)
    db.session.flush()


def record(account: Account | None, action: str) -> None:
    """Note what was done with an account besides its fields, such as a log-in."""
    add_entries(
        db.session(),
        [
            {
                "subject": "account",
                # What was typed is not kept: it may be a password in the wrong field.
                "subject_id": account.id if account else 0,
                "subject_name": account.username if account else "(unknown name)",
                "action": action,
                "changes": {},
            }
        ],
    )


def _keep_an_admin(account: Account) -> None:
    """Refuse to take away the last one."""
    take_turn(db.session(), ADMINS)
    admins = db.session.scalars(
        sa.select(Account.id).where(
            Account.role == Role.ADMIN, Account.active == sa.true()
        )
    ).all()
    if list(admins) == [account.id]:
        raise Conflict(LAST_ADMIN)
