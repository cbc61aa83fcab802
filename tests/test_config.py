"""Settings: what is understood, and one clear line for what is not."""

import os
import stat
import threading

import pytest
import sqlalchemy as sa

import hostadmin
from hostadmin import config
from hostadmin.config import (
    Settings,
    load_settings,
    parse_uri,
    render_uri,
    split_bind,
    unknown_settings,
)
from hostadmin.db.session import db
from hostadmin.errors import ConfigError

KEY = "0123456789abcdef0123456789abcdef"
SECRET = "s3cr3t"


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    """No setting, no .env and no instance folder but those of the test."""
    for name in list(os.environ):
        if name.startswith("HOSTADMIN_") and not name.startswith("HOSTADMIN_TEST_"):
            monkeypatch.delenv(name)
    instance = tmp_path / "instance"
    monkeypatch.setattr(config, "INSTANCE", instance)
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    return instance


def settings_of(monkeypatch, **variables):
    for name, value in variables.items():
        monkeypatch.setenv(f"HOSTADMIN_{name}", value)
    return load_settings()


def refusal(monkeypatch, **variables):
    with pytest.raises(ConfigError) as caught:
        settings_of(monkeypatch, **variables)
    line = str(caught.value)
    assert line.isprintable(), "a refusal is one line"
    assert line.endswith((".", "is.", '"', "'"))
    assert ".." not in line.replace("...", "")
    assert "Value error" not in line
    return line


# ---- good settings


def test_nothing_needs_to_be_set():
    settings = Settings()

    assert settings.database_uri.startswith("sqlite:////")
    assert settings.database_uri.endswith("/instance/hostadmin.sqlite")
    assert settings.database_name == "instance/hostadmin.sqlite"
    assert (settings.bind_host, settings.bind_port) == ("127.0.0.1", 8000)
    assert (settings.threads, settings.allowed_hosts) == (8, ())
    assert (settings.production, settings.testing) == (False, False)


def test_the_environment_sets_everything(monkeypatch):
    settings = settings_of(
        monkeypatch,
        DATABASE_URI="postgresql://u:p@db/hosts",
        SECRET_KEY=KEY,
        BIND="[::1]:9000",
        ALLOWED_HOSTS="Hosts.Example, ,10.0.0.1,",
        THREADS="4",
        PRODUCTION="no",
        TRUSTED_PROXIES="127.0.0.1, 10.1.0.7/24,2001:db8::/32",
        SECURE_COOKIES="yes",
        URL_PREFIX="/tools/inventory/",
    )

    assert settings.database_uri == "postgresql+psycopg://u:p@db/hosts"
    assert settings.key() == KEY
    assert (settings.bind_host, settings.bind_port) == ("::1", 9000)
    assert settings.allowed_hosts == ("hosts.example", "10.0.0.1")
    assert settings.threads == 4
    assert list(map(str, settings.trusted_proxies)) == [
        "127.0.0.1/32",
        "10.1.0.0/24",
        "2001:db8::/32",
    ]
    assert settings.cookies_are_secure
    assert settings.url_prefix == "/tools/inventory"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("hosts.example.", "hosts.example"),
        ("HOSTS.example:8443", "hosts.example:8443"),
        ("::1", "[::1]"),
        ("[2001:DB8::1]:80", "[2001:db8::1]:80"),
        ("höst.example", "xn--hst-sna.example"),
    ],
)
def test_allowed_hosts_are_kept_as_browsers_send_them(monkeypatch, given, kept):
    assert settings_of(monkeypatch, ALLOWED_HOSTS=given).allowed_hosts == (kept,)


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URI"])
def test_a_secret_may_be_in_a_file(monkeypatch, tmp_path, name):
    texts = {"SECRET_KEY": KEY, "DATABASE_URI": f"postgresql+psycopg://u:{SECRET}@h/d"}
    path = tmp_path / "secret"
    path.write_text(f"{texts[name]}\n")
    rest = {"SECRET_KEY": KEY} if name == "DATABASE_URI" else {}

    settings = settings_of(monkeypatch, **{f"{name}_FILE": str(path)}, **rest)

    assert getattr(settings, name.lower()) == texts[name]


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe", b"x" * 5000])
def test_a_file_without_a_secret_is_shown(monkeypatch, tmp_path, content):
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)

    line = refusal(monkeypatch, SECRET_KEY_FILE=str(path))
    assert line.startswith("HOSTADMIN_SECRET_KEY_FILE ")


def test_a_secret_is_in_one_place(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text(SECRET * 10)
    both = {"SECRET_KEY": KEY, "SECRET_KEY_FILE": str(tmp_path / "secret")}

    assert refusal(monkeypatch, **both) == (
        "HOSTADMIN_SECRET_KEY and HOSTADMIN_SECRET_KEY_FILE are both set."
    )


def test_a_file_sets_what_the_environment_does_not(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text(
        "# a comment\nHOSTADMIN_THREADS=4\nHOSTADMIN_BIND='127.0.0.1:9000'\n"
        "OTHER=ignored\nHOSTADMIN_TYPO=ignored\n"
    )

    settings = settings_of(monkeypatch, THREADS="5")

    assert (settings.threads, settings.bind_port) == (5, 9000)


def test_nonsense_in_the_file_is_refused_alike(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("HOSTADMIN_THREADS=many\n")

    assert refusal(monkeypatch).startswith("HOSTADMIN_THREADS cannot be used: ")


@pytest.mark.parametrize("name", ["HOSTADMIN_TESTING", "TESTING", "testing"])
def test_no_environment_switches_testing_on(monkeypatch, tmp_path, name):
    monkeypatch.setenv(name, "1")
    (tmp_path / ".env").write_text(f"{name}=1\n")

    assert load_settings().testing is False


def test_settings_do_not_change():
    with pytest.raises(ValueError, match="frozen"):
        Settings().threads = 3


# ---- databases


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql://u:p@h:5433/d", "postgresql+psycopg://u:p@h:5433/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
        ("mysql://u:p@h/d", "mysql+pymysql://u:p@h/d?charset=utf8mb4"),
        ("mariadb://u:p@h/d", "mariadb+pymysql://u:p@h/d?charset=utf8mb4"),
        ("mysql://h/d?charset=latin1", "mysql+pymysql://h/d?charset=utf8mb4"),
        ("mysql://h/d?ssl_ca=x", "mysql+pymysql://h/d?charset=utf8mb4&ssl_ca=x"),
        ("postgresql://u:p%40%2F%3A@h/d", "postgresql+psycopg://u:p%40%2F%3A@h/d"),
        ("postgresql:///d?host=/run/pg", "postgresql+psycopg:///d?host=%2Frun%2Fpg"),
        ("sqlite:////srv/h.sqlite", "sqlite:////srv/h.sqlite"),
        ("sqlite://", "sqlite://"),
    ],
)
def test_a_uri_gets_our_driver_and_what_it_needs(given, used):
    assert render_uri(parse_uri(given)) == used
    assert render_uri(parse_uri(used)) == used


@pytest.mark.parametrize("path", [":memory:", "/srv/h.db", "/a b/ü.db", "/100%25.db"])
def test_a_file_is_the_same_after_the_uri_was_written_out(path):
    once = parse_uri(f"sqlite:///{path}")

    assert parse_uri(render_uri(once)).database == once.database
    assert once.database == path.replace("%25", "%")


def test_a_relative_file_is_one_in_the_instance_folder(clean):
    assert parse_uri("sqlite:///hosts.db").database == str(clean / "hosts.db")


@pytest.mark.parametrize(
    "uri",
    [
        f"postgresql://u:{SECRET}@h/d",
        f"mysql://u:{SECRET}@h/d",
        f"postgresql://h/d?password={SECRET}",
        f"mysql://h/d?passwd={SECRET}",
    ],
)
def test_the_name_of_a_database_shows_no_password(monkeypatch, uri):
    settings = settings_of(monkeypatch, DATABASE_URI=uri, SECRET_KEY=KEY)

    assert SECRET in settings.database_uri
    assert SECRET not in settings.database_name
    assert "h/d" in settings.database_name


# ---- nonsense


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"BIND": "8000"}, "HOSTADMIN_BIND is '8000'. It must look like 127.0.0.1"),
        ({"BIND": ""}, "HOSTADMIN_BIND is ''"),
        ({"BIND": ":8000"}, "must look like"),
        ({"BIND": "127.0.0.1:"}, "must look like"),
        ({"BIND": "127.0.0.1:x"}, "must look like"),
        ({"BIND": "127.0.0.1:\uff18"}, "must look like"),
        ({"BIND": "127.0.0.1:-1"}, "must look like"),
        ({"BIND": "127.0.0.1:0"}, "has the port 0. Use 1–65535."),
        ({"BIND": "127.0.0.1:65536"}, "has the port 65536"),
        ({"BIND": "127.0.0.1:999999"}, "must look like"),
        ({"BIND": "x" * 500}, "must look like"),
        ({"PRODUCTION": "perhaps"}, "HOSTADMIN_PRODUCTION cannot be used: "),
        ({"THREADS": "0"}, "HOSTADMIN_THREADS cannot be used: "),
        ({"THREADS": "257"}, "HOSTADMIN_THREADS cannot be used: "),
        ({"THREADS": "2.5"}, "HOSTADMIN_THREADS cannot be used: "),
        ({"THREADS": ""}, "HOSTADMIN_THREADS cannot be used: "),
        ({"ALLOWED_HOSTS": "*"}, "without https:// or *"),
        ({"ALLOWED_HOSTS": "a.example,*.example"}, "HOSTADMIN_ALLOWED_HOSTS has '*.e"),
        ({"ALLOWED_HOSTS": "https://hosts.example"}, "without https://"),
        ({"ALLOWED_HOSTS": "hosts.example/x"}, "names such as hosts.example"),
        ({"ALLOWED_HOSTS": "a b"}, "names such as hosts.example"),
        ({"TRUSTED_PROXIES": "proxy.example"}, "HOSTADMIN_TRUSTED_PROXIES has 'proxy"),
        ({"TRUSTED_PROXIES": "10.0.0.0/99"}, "addresses or networks"),
        ({"TRUSTED_PROXIES": "*"}, "addresses or networks"),
        ({"URL_PREFIX": "inventory"}, "is 'inventory'. It must be a path such as"),
        ({"URL_PREFIX": "//evil.example"}, "a path such as /inventory"),
        ({"URL_PREFIX": "/a/./b"}, "a path such as /inventory"),
        ({"SECURE_COOKIES": "perhaps"}, "HOSTADMIN_SECURE_COOKIES cannot be used: "),
        ({"DATABASE_URI": ""}, "is not a database URI. Use sqlite:////path"),
        ({"DATABASE_URI": "hosts.db"}, "is not a database URI"),
        ({"DATABASE_URI": "postgres\nql://h/d"}, "is not a database URI"),
        (
            {"DATABASE_URI": "mssql://h/d"},
            "the unknown database type 'mssql'. Use one of: ",
        ),
        ({"DATABASE_URI": "http://example/"}, "the unknown database type 'http'"),
        (
            {"DATABASE_URI": "postgresql+psycopg2://h/d"},
            "The driver of 'postgresql+psycopg2' in HOSTADMIN_DATABASE_URI is unknown",
        ),
        ({"DATABASE_URI": "sqlite+none:///x"}, "The driver of 'sqlite+none'"),
        (
            {"DATABASE_URI": "postgresql://h/d", "SECRET_KEY": ""},
            "HOSTADMIN_SECRET_KEY must be set when HOSTADMIN_DATABASE_URI is.",
        ),
        ({"DATABASE_URI": "sqlite:////tmp/x.db", "SECRET_KEY": ""}, "must be set"),
    ],
)
def test_nonsense_is_refused_with_the_name_of_the_setting(
    monkeypatch, variables, words
):
    assert words in refusal(monkeypatch, **{"SECRET_KEY": KEY, **variables})


@pytest.mark.parametrize(
    "variables",
    [
        {"SECRET_KEY": SECRET},
        {"DATABASE_URI": f"mssql://u:{SECRET}@h/d"},
        {"DATABASE_URI": f"mssql+x://u:{SECRET}@h/d"},
        {"DATABASE_URI": f"postgresql+x://u:{SECRET}@h/d"},
        {"DATABASE_URI": f"postgresql://u:p@h:{SECRET}@h/d"},
        {"DATABASE_URI": f"postgresql://u:p@h:{SECRET}"},
        {"DATABASE_URI": f"//u:{SECRET}@h/d"},
        {"DATABASE_URI": f"{SECRET}"},
        {"DATABASE_URI": f"postgresql://u:{SECRET}@h/d", "THREADS": "x"},
        {"DATABASE_URI": f"postgresql://u:{SECRET}@h/d", "SECRET_KEY": "short"},
        {"DATABASE_URI": f"postgresql://u:{SECRET}@h/d", "BIND": "x"},
        {"DATABASE_URI": f"postgresql://u:{SECRET}@h/d"},
        {"THREADS": SECRET},
        {"PRODUCTION": SECRET},
    ],
)
def test_no_refusal_shows_a_secret(monkeypatch, variables):
    assert SECRET not in refusal(monkeypatch, **variables)


def test_the_refusal_has_no_cause_that_a_traceback_would_show(monkeypatch):
    monkeypatch.setenv("HOSTADMIN_SECRET_KEY", SECRET)
    with pytest.raises(ConfigError) as caught:
        load_settings()

    assert caught.value.__suppress_context__


@pytest.mark.parametrize("text", ["127.0.0.1:1", "localhost:65535", "[::1]:8000"])
def test_this_machine_may_be_bound_to(monkeypatch, text):
    assert settings_of(monkeypatch, BIND=text).bind == text


def test_brackets_belong_to_the_uri_not_to_the_host():
    assert split_bind("[2001:db8::1]:80") == ("2001:db8::1", 80)


def test_an_unknown_setting_is_named_with_the_nearest(monkeypatch):
    monkeypatch.setenv("HOSTADMIN_TREADS", "4")
    monkeypatch.setenv("HOSTADMIN_ZZZZZZZZZZZZ", "4")
    monkeypatch.setenv("HOSTADMIN_THREADS", "4")
    monkeypatch.setenv("HOSTADMIN_TEST_ANYTHING", "4")

    assert unknown_settings() == [
        "HOSTADMIN_TREADS is not a setting. Did you mean “HOSTADMIN_THREADS”?",
        "HOSTADMIN_ZZZZZZZZZZZZ is not a setting.",
    ]


# ---- the key that is made and kept


def test_the_key_is_made_once_and_only_for_us(clean):
    first = Settings(_env_file=None).key()
    kept = clean / "secret_key"

    assert Settings(_env_file=None).key() == first
    assert kept.read_text() == first
    assert len(first) >= 32
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in clean.iterdir()] == ["secret_key"]


def test_a_key_that_is_set_is_used_and_none_is_made(monkeypatch, clean):
    assert settings_of(monkeypatch, SECRET_KEY=KEY).key() == KEY
    assert not clean.exists()


@pytest.mark.parametrize("kept", ["", "\n", "short"])
def test_a_file_without_a_key_is_refused(clean, kept):
    clean.mkdir()
    (clean / "secret_key").write_text(kept)

    with pytest.raises(ConfigError, match="has no key") as caught:
        Settings(_env_file=None).key()
    assert str(clean / "secret_key") in str(caught.value)


def test_many_who_start_at_once_have_one_key():
    keys = []
    barrier = threading.Barrier(8)

    def start():
        barrier.wait()
        keys.append(Settings(_env_file=None).key())

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_a_fresh_clone_with_a_key_of_its_own_gets_its_folder(monkeypatch, clean):
    monkeypatch.setattr(hostadmin, "INSTANCE", clean)
    file = clean / "hostadmin.sqlite"
    monkeypatch.setattr(config, "DEFAULT_DATABASE", file)

    app = hostadmin.create_app(
        Settings(database_uri=f"sqlite:///{file}", secret_key=KEY)
    )

    with app.app_context():
        assert db.session.scalar(sa.select(sa.literal(1))) == 1
        db.session.remove()
        db.engine.dispose()
    assert file.exists()
