"""``flask hosts import`` with the options that say how a file is to be read."""

from pathlib import Path
from typing import Any

import pytest

from hostadmin.inventory import hosts

from ..helpers.workbooks import sheet, xlsx


@pytest.fixture
def run(runner, session, tmp_path):
    def run(content: str | bytes, *options: str) -> Any:
        path: Path = tmp_path / "file"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        result = runner.invoke(args=["hosts", "import", str(path), *options])
        session.rollback()
        return result

    return run


def test_a_hypervisor_is_never_taken_for_its_guest(run, make_host):
    make_host(hostname="esx01.example", os="ESXi 8")
    result = run(
        "VM,DNS Name,Primary IP Address,OS,Host\n"
        "shop-1,shop-1.example,10.20.1.11,Debian 12,esx01.example\n"
    )

    assert result.exit_code == 0
    assert hosts.find_host("esx01.example").os == "ESXi 8"
    assert hosts.find_host("shop-1").ip_addr == "10.20.1.11"
    assert "“VM” is hostname" in result.stderr


def test_what_is_not_clear_is_refused_until_it_is_chosen(run):
    table = "Knoten;Zustand;IP\nweb1;In Betrieb;N/A\n".encode("cp1252")
    refused = run(table, "--column", "hostname=Knoten", "--column", "status=Zustand")

    assert refused.exit_code == 1
    assert "“In Betrieb” is not a valid status" in refused.stderr
    assert "--value 'status:TEXT=active'" in refused.stderr
    assert hosts.find_host("web1") is None
    result = run(
        table,
        *("--column", "hostname=Knoten", "--column", "status=Zustand"),
        *("--value", "status:In Betrieb=active", "--value", "ip_addr:n/a="),
    )
    assert result.exit_code == 0
    assert hosts.find_host("web1").ip_addr is None


def test_an_encoding_that_is_not_sure_is_asked(run):
    table = "name;location\nweb1;España\n".encode("cp1252")
    refused = run(table)

    assert refused.exit_code == 1
    assert "cp1252 (“España”) or cp1250 (“Espańa”)" in refused.stderr
    assert run(table, "--encoding", "cp1252").exit_code == 0
    assert hosts.find_host("web1").location == "España"


def test_a_sheet_is_chosen(run):
    one = sheet([["Name", "Rack"], ["web1", "B4"]])
    content = xlsx({"first": one, "second": sheet([["Name"], ["web2"]])})

    assert "Choose one with --sheet" in run(content).stderr
    assert run(content, "--sheet", "second", "--format", "xlsx").exit_code == 0
    assert hosts.find_host("web2") is not None
    assert hosts.find_host("web1") is None


def test_a_dry_run_shows_new_hosts_field_by_field(run):
    result = run('name,ip,groups,rack\nweb1,10.0.0.1,"a,b",7\n', "--dry-run")

    assert (
        "new: web1: ip_addr “10.0.0.1”; groups “a, b”; vars.rack “7”\n" in result.stdout
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--column", "hostname"), "is not FIELD=HEADER"),
        (("--column", "hostnam=a"), "Did you mean “hostname”?"),
        (("--value", "status=active"), "is not FIELD:TEXT=VALUE"),
        (("--value", "state:a=b"), "is not a field"),
        (("--delimiter", "::"), "must be one character"),
        (("--header-row", "-1"), "--header-row"),
    ],
)
def test_wrong_usage_is_shown(run, options, words):
    result = run("name\nweb1\n", *options)

    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--encoding", "klingon"), "unknown encoding “klingon”"),
        (("--encoding", "base64"), "is not a text encoding"),
        (("--encoding", "ascii"), "line 2 is not ascii: it has the bytes C3 BC"),
        (("--format", "xlsx"), "is text, not a workbook"),
        (("--header-row", "9"), "line 9 is empty"),
        (("--column", "os=nope"), "unknown column “nope”"),
    ],
)
def test_a_choice_that_does_not_fit_the_file_is_refused(run, options, words):
    result = run("name\nwüb1\n", *options)

    assert result.exit_code == 1
    assert words in result.stderr


# ---- hosts that the file does not list


@pytest.fixture
def fleet(make_host):
    for name, fields in {
        "web1": {"environment": "prod"},
        "old1": {"environment": "prod"},
        "old2": {"environment": "prod", "status": "retired"},
        "db1": {"environment": "test"},
    }.items():
        make_host(hostname=name, **fields)


WEB1 = "hostname,environment\nweb1,prod\n"
WITHIN = ("--within", "env:prod")


def statuses() -> dict[str, str]:
    names = ("web1", "old1", "old2", "db1")
    found = {name: hosts.find_host(name) for name in names}
    return {name: host.status.value for name, host in found.items() if host}


def test_missing_hosts_are_shown_first_and_retired_within_a_query(run, fleet):
    before = statuses()
    shown = run(WEB1, "--missing", "retire", *WITHIN, "--dry-run")
    refused = run(WEB1, "--missing", "retire", *WITHIN)

    assert "retire: old1\n" in shown.stdout
    assert "1 unchanged, 1 would be retired." in shown.stdout
    assert (refused.exit_code, "Use --yes" in refused.stderr) == (1, True)
    assert statuses() == before

    done = run(WEB1, "--missing", "retire", *WITHIN, "--yes")
    assert (done.exit_code, "1 retired." in done.stdout) == (0, True)
    assert statuses() == before | {"old1": "retired"}


def test_missing_hosts_are_deleted(run, fleet):
    done = run(WEB1, "--missing", "delete", *WITHIN, "--yes")

    assert "2 deleted" in done.stdout
    assert set(statuses()) == {"web1", "db1"}


def test_missing_hosts_of_a_query_are_only_reported(run, fleet):
    shown = run(WEB1, *WITHIN, "--dry-run")

    assert "missing: old1\nmissing: old2\n" in shown.stdout
    assert "db1" not in shown.stdout


def test_a_bad_row_lists_its_host_and_one_without_a_name_hides_who_is_missing(
    run, fleet
):
    text = WEB1 + "old1," + "x" * 300 + "\n"
    done = run(text, "--missing", "delete", *WITHIN, "--skip-errors", "--yes")
    nameless = run(WEB1 + ",prod\n", "--missing", "delete", "--skip-errors", "--yes")

    assert (done.exit_code, "old1" in statuses()) == (0, True)
    assert nameless.exit_code == 1
    assert "which hosts are missing" in nameless.stderr
    assert "db1" in statuses()
