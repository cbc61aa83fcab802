"""``flask check --deploy``: each finding, and the settings that have none."""

import re
import secrets
from dataclasses import replace

import pytest

from hostadmin import deploy_check
from hostadmin.config import Settings
from hostadmin.db.session import db
from hostadmin.deploy_check import CHECKS, Facts, findings, refuse_unfit
from hostadmin.errors import ConfigError

from .helpers.apps import build_app

GOOD = {
    "database_uri": "postgresql+psycopg://u:hunter2@127.0.0.1/hosts",
    "secret_key": "f3c1d9a07b5e4826c1d0a9f8e7b6c5d4a3f2e1d0c9b8a7f6",
    "production": True,
    "allowed_hosts": ("hosts.example",),
    "trusted_proxies": Settings(
        _env_file=None, trusted_proxies="10.1.0.7"
    ).trusted_proxies,
}


def facts(more=None, **settings):
    fit = Settings(_env_file=None).model_copy(update={**GOOD, **settings})
    return replace(Facts(fit), **(more or {}))


def proxies(text):
    return Settings(_env_file=None, trusted_proxies=text).trusted_proxies


FAR = "postgresql+psycopg://u:hunter2@db.example/hosts"
FAULTS = [
    ("H001", facts(secret_key="")),
    ("H002", facts(secret_key="changeme-changeme-changeme-changeme")),
    ("H002", facts(secret_key="django-insecure-k3v9x8z7q6w5e4r3t2y1u0")),
    ("H002", facts(secret_key="0123456789abcdef0123456789abcdef")),
    ("H002", facts(secret_key=deploy_check.KNOWN_KEYS[0])),
    ("H003", facts(secret_key="f3c1d9a07b5e4826")),
    ("H004", facts(secret_key="ab" * 32)),
    ("H010", facts({"debug": True})),
    ("H020", facts(allowed_hosts=())),
    ("H030", facts(secure_cookies=False)),
    ("H040", facts(trusted_proxies=proxies("10.1.0.7,0.0.0.0/0"))),
    ("H040", facts(trusted_proxies=proxies("::/0"))),
    ("H041", facts(trusted_proxies=())),
    ("H050", facts(production=False, secure_cookies=True)),
    ("H060", facts(database_uri=FAR)),
    ("H060", facts(database_uri=f"{FAR}?sslmode=prefer")),
    ("H060", facts(database_uri="mariadb+pymysql://u:hunter2@db.example/hosts")),
    (
        "H060",
        facts(
            database_uri="mariadb+pymysql://u@/hosts?host=127.0.0.1:1&host=db.example:1"
        ),
    ),
    ("H061", facts({"database": "The database does not answer."})),
    ("H070", facts({"open_files": ["/srv/.env"]})),
    ("H080", facts({"admins": 0})),
    ("H090", facts({"unknown": ["HOSTADMIN_TREADS is not a setting."]})),
]
CRITICAL = {"H001", "H002", "H003", "H004", "H010", "H020", "H030", "H040"}


def test_good_settings_have_no_finding():
    for more in (
        {},
        {"secret_key": secrets.token_urlsafe(48)},
        {"secret_key": secrets.token_hex(16)},
        {"database_uri": f"{FAR}?sslmode=verify-full"},
        {"database_uri": "mariadb+pymysql://u@db.example/hosts?ssl_ca=/ca.pem"},
        {"database_uri": "sqlite:////srv/hosts.sqlite"},
        {"production": False, "bind": "10.0.0.1:8000"},
    ):
        assert list(findings(facts(**more))) == []


@pytest.mark.parametrize(("code", "fault"), FAULTS)
def test_each_fault_has_its_code_and_no_other(code, fault):
    found = list(findings(fault))

    assert [finding.code for finding in found] == [code]
    assert found[0].critical == (code in CRITICAL)
    assert str(found[0]).isprintable()
    assert "hunter2" not in str(found[0])
    key = fault.settings.secret_key
    assert not key or key not in str(found[0])


def test_every_check_is_tried_both_ways():
    assert len({code for code, _ in FAULTS}) == len(CHECKS)


@pytest.mark.parametrize(("code", "fault"), FAULTS)
@pytest.mark.parametrize("reached", [{"production": True}, {"bind": "0.0.0.0:80"}, {}])
def test_critical_problems_refuse_a_server_for_others(code, fault, reached):
    here = {"production": False, "bind": "127.0.0.1:80", **reached}
    settings = fault.settings.model_copy(update=here)

    if code in CRITICAL and reached:
        with pytest.raises(ConfigError, match=rf"^{code} ") as caught:
            refuse_unfit(settings, debug=fault.debug)
        assert str(caught.value).isprintable()
        assert "hunter2" not in str(caught.value)
    else:
        refuse_unfit(settings, debug=fault.debug)


def test_a_file_is_open_when_others_may_read_it_and_get_there(tmp_path):
    tmp_path.chmod(0o755)
    closed = tmp_path / "closed"
    closed.mkdir(0o700)
    for folder in (tmp_path, closed):
        (folder / "hosts.sqlite").touch(0o644)
    uri = f"sqlite:///{tmp_path}/{{}}hosts.sqlite"
    ways = [deploy_check._is_open(path) for path in tmp_path.parents]

    assert len(ways) > 1
    settings = facts(database_uri=uri.format("closed/")).settings
    assert deploy_check.open_files(settings) == []
    settings = facts(database_uri=uri.format("")).settings
    reachable = all(path.stat().st_mode & 0o001 for path in tmp_path.parents)
    assert bool(deploy_check.open_files(settings)) is reachable


def test_the_command_lists_a_code_for_each_finding(tmp_path):
    app = build_app(f"sqlite:///{tmp_path}/hosts.sqlite")
    result = app.test_cli_runner().invoke(args=["check", "--deploy"])

    codes = re.findall(r"^(H\d{3}) ", result.stdout, re.M)
    assert result.exit_code == 1
    assert {"H004", "H020", "H030", "H041", "H050", "H080"} <= set(codes)
    assert len(codes) == len(result.stdout.splitlines()) == len(set(codes))


def test_without_the_option_only_what_is_wrong_anywhere(tmp_path, monkeypatch):
    app = build_app(f"sqlite:///{tmp_path}/hosts.sqlite")
    result = app.test_cli_runner().invoke(args=["check"])
    assert (result.exit_code, result.stdout) == (0, "")

    monkeypatch.setenv("HOSTADMIN_TREADS", "4")
    result = app.test_cli_runner().invoke(args=["check"])
    assert result.exit_code == 1
    assert result.stdout.startswith("H090 HOSTADMIN_TREADS is not a setting.")


def test_the_command_says_what_the_database_lacks(tmp_path):
    app = build_app(f"sqlite:///{tmp_path}/hosts.sqlite")
    with app.app_context():
        db.drop_all()
    result = app.test_cli_runner().invoke(args=["check"])

    assert result.stdout.startswith("H061 The database has no tables yet")
