"""The pages of an import, step by step, as somebody walks through them."""

import io
import time
from typing import Any

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.admin.imports.words import page_words
from hostadmin.auth import tokens
from hostadmin.clock import utcnow
from hostadmin.db.session import db, write_transaction
from hostadmin.formats import workbook
from hostadmin.inventory import hosts
from hostadmin.jobs import add_job
from hostadmin.jobs.table import end_in, take_turn
from hostadmin.limits import limits
from hostadmin.models import (
    ChangeEntry,
    ChangeSet,
    FileImport,
    ImportMapping,
    Job,
)
from hostadmin.models import file_import_pieces as pieces

from ..helpers.import_pages import message, numbers, step, stored, words
from ..helpers.pages import csrf, parse
from ..helpers.workbooks import sheet, xlsx, zipped

OURS = "hostname,ip_addr,status\nweb-1,10.0.0.1,active\nweb-2,10.0.0.2,staged\n"


# ---- the way through


def test_a_file_with_our_columns_goes_straight_to_what_will_happen(
    client, upload, press, session
):
    plan = upload(OURS)

    assert step(plan) == "plan"
    assert numbers(plan) == [2, 0, 0, 0, 0]
    assert "web-2" in words(plan)
    assert stored(session) == {}

    done = press(plan, go="import", message="from the old list")

    assert step(done) == "done"
    assert set(stored(session)) == {"web-1", "web-2"}
    [act] = session.scalars(sa.select(ChangeSet))
    assert (act.actor, act.source, act.message) == (
        "admin",
        "import",
        "from the old list",
    )
    assert parse(done).select_one(f'a[href="/changes/{act.id}/undo"]')
    shown = parse(done).select_one("main a.primary")
    assert shown.text == "Show these 2 hosts"
    assert "2 of 2 hosts" in words(client.get(shown["href"]))


def test_what_was_guessed_is_asked_and_marked_and_words_are_mapped(
    upload, press, session
):
    columns = upload(
        "Server Name;IP;Rack;State\n"
        "web-1;10.0.0.1;B1;Running\n"
        "web-2;10.0.0.2;B2;Mothballed\n"
    )

    assert step(columns) == "columns"
    page = parse(columns)
    chosen = [s.select_one("[selected]")["value"] for s in page.select("select[id^=c]")]
    assert chosen == ["hostname", "ip_addr", "var", "status"]
    assert len(page.select("td .chip")) == 4
    assert page.select_one("#v0 [selected]").text == "active"
    assert page.select_one("#v1 [selected]") is None

    plan = press(columns, v1="retired", c2="location")

    assert (step(plan), numbers(plan)) == ("plan", [2, 0, 0, 0, 0])
    press(plan, go="import")
    found = stored(session)
    assert found["web-1"].location == "B1"
    assert [found[n].status.value for n in ("web-1", "web-2")] == ["active", "retired"]


def test_a_word_that_was_left_an_error_is_a_bad_row(upload, press):
    columns = upload("hostname,status\nweb-1,Mothballed\nweb-2,active\n")

    plan = press(columns)

    assert numbers(plan) == [1, 0, 0, 1, 0]
    assert "Choose what these values mean" in words(plan)


def test_columns_as_they_were_found_are_not_read_again(upload, press, session):
    columns = upload("Name,Rack\nweb-1,B1\n")
    jobs = session.scalar(sa.select(sa.func.count()).select_from(Job))

    plan = press(columns)

    session.rollback()
    assert step(plan) == "plan"
    assert session.scalar(sa.select(sa.func.count()).select_from(Job)) == jobs


VMS = (
    "VM,Name,Host,Primary IP Address\n"
    "web-1,Ann,esx-1,10.0.0.1\n"
    "web-2,Bob,esx-2,10.0.0.2\n"
)


def test_a_name_that_could_be_two_columns_has_to_be_chosen(upload, press, session):
    columns = upload(VMS)

    assert "more than one column could be the name" in message(columns)
    assert "--column" not in words(columns)
    assert [s["id"] for s in parse(columns).select("select[required]")] == [
        *("c0", "c1", "c2")
    ]

    again = press(columns)
    assert again.status_code == 400
    assert message(again) == "Choose what the column “VM” is."

    plan = press(columns, c0="hostname", c1="owner", c2="var")
    press(plan, go="import")
    assert set(stored(session)) == {"web-1", "web-2"}
    assert stored(session)["web-1"].vars == {"Host": "esx-1"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"c2": "status"}, "“State” and “Rack” cannot both be status: a host has one."),
        ({"c0": "ignore", "c1": "var"}, "Choose the column with the names"),
        ({"c0": "nonsense"}, "“nonsense” is not a field."),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(upload, press, fields, expected):
    columns = upload("Name,State,Rack\nweb-1,active,B1\n")

    refused = press(columns, **fields)

    assert refused.status_code == 400
    assert expected in message(refused)
    # What was chosen is still there.
    kept = parse(refused).select_one("#c0 [selected]")
    assert kept is None or kept["value"] == fields.get("c0", "hostname")


def test_headings_that_are_there_twice_are_distinguished_by_their_place(
    upload, press, session
):
    columns = upload("hostname,note,note\nweb-1,one,two\n")

    assert "both called" in message(columns)
    plan = press(columns, c1="notes", c2="owner")
    press(plan, go="import")
    host = stored(session)["web-1"]
    assert (host.notes, host.owner) == ("one", "two")


# ---- what the file is


def test_the_file_can_be_read_otherwise(upload, press, session):
    plan = upload("hostname\nweb-1\nweb-2\n")
    url = plan.request.path.replace("plan", "file")

    file = press(plan, url=url, header_row="0")

    # Without headings, the columns are called by their number.
    assert step(file) == "columns"
    assert "3 rows" not in message(file)
    plan = press(file, c0="hostname")
    assert numbers(plan) == [3, 0, 0, 0, 0]


def test_a_header_that_is_not_found_can_be_pointed_at(upload, press):
    file = upload("A18;PC1;PC1\nA19;PC2;PC2\n")

    assert step(file) == "file"
    assert "no header" in message(file)
    assert len(parse(file).select("input[name=header_row]")) == 3
    columns = press(file, header_row="0")
    assert (step(columns), len(parse(columns).select("select[id^=c]"))) == (
        "columns",
        3,
    )
    plan = press(columns, c1="hostname", c0="location")
    assert numbers(plan) == [2, 0, 0, 0, 0]


def test_the_sheet_of_a_workbook_is_asked(upload, press, session):
    table = sheet([["hostname", "ip_addr"], ["web-1", "10.0.0.1"]])
    other = sheet([["hostname", "ip_addr"], ["db-1", "10.0.0.2"]])
    file = upload(xlsx({"Web": table, "Databases": other}), "hosts.xlsx")

    assert (step(file), "Choose one." in message(file)) == ("file", True)
    plan = press(file, sheet="Databases")
    assert step(plan) == "plan"
    assert "db-1" in words(plan)


def test_an_encoding_that_is_not_sure_is_asked_with_a_word_of_each(upload, press):
    file = upload("hostname;location\nweb1;España\n".encode("cp1252"))

    assert (step(file), "encoding could be" in message(file)) == ("file", True)
    assert {"cp1252: España", "cp1250: Espańa"} <= {
        option.text for option in parse(file).select("#encoding option")
    }
    plan = press(file, encoding="cp1252")
    assert "España" in words(plan)


def test_other_formats_have_no_columns(upload, press, session):
    plan = upload("[web]\nweb-1 ansible_host=10.0.0.1\n[db]\ndb-1\n", "inventory")

    assert (step(plan), numbers(plan)) == ("plan", [2, 0, 0, 0, 0])
    assert "Columns" not in words(plan)
    press(plan, go="import")
    assert {g.name for h in stored(session).values() for g in h.groups} == {"web", "db"}


def test_pasted_text_is_a_file(client, session):
    plan = client.post(
        "/import/",
        data={
            "csrf_token": csrf(client, "/import/"),
            "text": OURS.replace("\n", "\r\n"),
        },
        follow_redirects=True,
    )
    assert numbers(plan) == [2, 0, 0, 0, 0]


# ---- what will happen


@pytest.fixture
def inventory(make_host):
    make_host(hostname="web-1", owner="platform", port=22)
    make_host(hostname="web-2", status="staged", ip_addr="10.0.0.2")
    make_host(hostname="old-1", environment="prod")
    make_host(hostname="old-2", environment="test")


BAD = "web-3,10.0.0.300,active\n"


def test_each_row_is_shown_field_by_field(client, upload, inventory):
    plan = upload(OURS + BAD + "web-4,10.0.0.4,active\n")
    url = plan.request.path

    assert numbers(plan) == [1, 1, 1, 1, 2]
    assert "ip_addr: “10.0.0.300” is not a valid IP address" in words(plan)
    changed = parse(client.get(f"{url}?show=changed"))
    assert " ".join(changed.select_one(".planned tbody").get_text(" ").split()) == (
        "2 changed web-1 ip_addr: (not set) → 10.0.0.1"
    )
    assert "web-4 ip_addr: 10.0.0.4" in words(client.get(f"{url}?show=new"))
    assert "old-1" in words(client.get(f"{url}?show=missing"))
    assert "old-1" not in words(client.get(f"{url}?show=missing&q=old-2"))


def test_long_plans_are_read_page_by_page(client, upload, monkeypatch):
    monkeypatch.setattr(limits, "plan_rows", 2)
    rows = "".join(f"h{n},{'x' if n % 2 else '10.0.0.1'},active\n" for n in range(9))
    plan = upload("hostname,ip_addr,status\n" + rows)
    for kind, count in (("new", 5), ("bad", 4)):
        url, seen = f"{plan.request.path}?show={kind}", []
        while url:
            page = parse(client.get(url))
            seen += [cell.text for cell in page.select(".planned td.name")]
            following = page.select_one("a[rel=next]")
            url = following["href"] if following else ""
        assert len(seen) == len(set(seen)) == count


def test_bad_rows_are_left_out_only_by_the_button_that_says_so(
    client, upload, press, session
):
    plan = upload(OURS + BAD)
    button = parse(plan).select_one("button[value=import]").text

    assert button == "Import 2 hosts, leave out 1 row"
    assert press(plan, go="import", skip="").status_code == 400
    assert stored(session) == {}
    done = press(plan, go="import")
    assert "1 row with errors left out" in words(done)
    assert set(stored(session)) == {"web-1", "web-2"}


def test_bad_rows_come_back_as_they_were_with_what_is_wrong(client, upload, press):
    text = (
        "# ours\nhostname;ip_addr;Rack no\nweb-1;10.0.0.300;'007\nweb-2;;;x;y\nok;;1\n"
        "w3;x;=1+1\nw4;x;-\n"
    )
    plan = press(upload(text))
    assert numbers(plan)[3] == 4

    file = client.get(plan.request.path.replace("plan", "errors.csv"))

    lines = file.text.splitlines()
    assert lines[0] == "hostname,ip_addr,Rack no,error"
    assert lines[1].startswith("web-1,10.0.0.300,'007,ip_addr “10.0.0.300” is not")
    assert lines[2].startswith('web-2,,,x,y,"row has 5 cells')
    # Read again it is the same, but a spreadsheet does not run it.
    assert lines[3].startswith("w3,x,'=1+1,")
    assert lines[4].startswith("w4,x,-,")
    # Corrected, it is read without the column that says what was wrong.
    corrected = file.text.replace("300", "30").rpartition("web-2")[0]
    again = press(upload(corrected))
    assert numbers(again)[:4] == [1, 0, 0, 0]
    assert "not a valid IP" not in words(again)


def test_hosts_that_the_file_does_not_list_are_retired_within_a_query(
    client, upload, press, inventory, session
):
    plan = upload(OURS)
    planned = press(plan, go="plan", missing="retire", within="env:prod")

    assert numbers(planned) == [0, 1, 1, 0, 1]
    button = parse(planned).select_one("button[value=import]").text
    assert button == "Import 1 host, retire 1"
    press(planned, go="import")
    found = stored(session)
    assert found["old-1"].status.value == "retired"
    assert found["old-2"].status.value == "active"
    [act] = session.scalars(sa.select(ChangeSet).where(ChangeSet.source == "import"))
    assert {e.subject_name for e in act.entries} == {"web-1", "old-1"}


def test_hosts_that_the_file_does_not_list_are_deleted(
    client, upload, press, inventory, session
):
    planned = press(upload(OURS), go="plan", missing="delete")
    assert "danger" in parse(planned).select_one("button[value=import]")["class"]
    press(planned, go="import")
    assert set(stored(session)) == {"web-1", "web-2"}


def test_options_that_were_not_planned_are_not_done(upload, press, inventory, session):
    plan = upload(OURS)
    refused = press(plan, go="import", missing="delete")

    assert refused.status_code == 409
    assert "Update the preview first" in message(refused)
    assert len(stored(session)) == 4


def test_nobody_knows_what_is_missing_beside_rows_without_a_name(upload, press):
    refused = press(
        upload("hostname,ip_addr\nweb-1,\n,nonsense\n"), go="plan", missing="delete"
    )
    assert "which hosts are missing" in message(refused)


@pytest.mark.parametrize("query", ["env:(", "nofield:x", "group:nogroup"])
def test_a_query_that_makes_no_sense_plans_nothing(upload, press, query, inventory):
    refused = press(upload(OURS), go="plan", missing="delete", within=query)

    assert message(refused)
    assert "Delete 4" not in words(refused)


def test_what_the_file_does_not_state_is_removed_where_that_was_chosen(
    upload, press, inventory, session
):
    planned = press(upload(OURS), go="plan", replace="1")
    assert numbers(planned)[1] == 2
    press(planned, go="import")
    assert stored(session)["web-1"].owner is None


# ---- others, and second tabs


def test_a_plan_that_is_no_longer_true_is_made_again_and_says_what_differs(
    client, upload, press, inventory, session
):
    plan = upload(OURS)
    with history.writing("bob"):
        hosts.change_host(hosts.find_host("web-1").id, {"ip_addr": "10.0.0.1"})

    again = press(plan, go="import")

    assert step(again) == "plan"
    assert "nothing was written" in words(again)
    assert "web-1 : changed → unchanged" in words(again)
    assert numbers(again) == [0, 0, 2, 0, 2]
    assert step(press(again, go="import")) == "done"


def test_the_same_file_by_two_people_is_written_once(
    app, client_of, upload, press, session
):
    first, second = client_of("editor"), client_of("admin")
    plans = [upload(OURS, browser=browser) for browser in (first, second)]

    assert step(press(plans[0], browser=first, go="import")) == "done"
    late = press(plans[1], browser=second, go="import")

    assert (step(late), numbers(late)) == ("plan", [0, 0, 2, 0, 0])
    assert len(stored(session)) == 2


def test_a_second_press_and_the_plan_of_another_tab_write_nothing(
    client, upload, press, inventory, session
):
    plan = upload(OURS)
    other = press(plan, go="plan", missing="retire")

    stale = press(plan, go="import")
    assert stale.status_code == 409
    assert step(press(other, go="import")) == "done"
    again = press(other, go="import")
    assert step(again) == "done"
    acts = sa.select(sa.func.count()).where(ChangeSet.source == "import")
    session.rollback()
    assert session.scalar(acts) == 1
    # Back and reload lead to the end, not into the plan.
    assert step(client.get(plan.request.path, follow_redirects=True)) == "done"


def test_nobody_sees_the_upload_of_another(client_of, upload, session):
    plan = upload(OURS, browser=client_of("admin"))
    for page in ("", "file", "columns", "plan", "done", "errors.csv"):
        url = plan.request.path.replace("plan", page)
        assert client_of("editor").get(url).status_code == 404
    assert OURS.split("\n")[1] not in client_of("editor").get("/import/").text


def test_a_session_that_ends_between_two_steps_goes_on_after_log_in(
    app, client, upload, nobody
):
    plan = upload(OURS)
    answer = nobody.get(plan.request.path)

    assert answer.status_code == 302
    assert plan.request.path in answer.location.replace("%2F", "/")


def test_uploads_are_gone_after_a_day(client, upload, session):
    upload(OURS)
    session.execute(
        sa.update(FileImport).values(created_at=utcnow() - limits.upload_age * 1.01)
    )
    session.commit()

    assert "hosts.csv" not in client.get("/import/").text
    session.rollback()
    assert session.scalar(sa.select(sa.func.count()).select_from(pieces)) == 0


def test_an_upload_can_be_deleted(client, upload, session):
    plan = upload(OURS)
    url = plan.request.path.replace("plan", "cancel")
    answer = client.post(
        url, data={"csrf_token": csrf(client, "/import/")}, follow_redirects=True
    )

    assert "Nothing was imported" in words(answer)
    assert session.scalar(sa.select(sa.func.count()).select_from(pieces)) == 0
    gone = client.get(plan.request.path)
    assert gone.status_code == 404
    assert "Upload the file again" in words(gone)


# ---- while it runs


@pytest.fixture
def other_import(session, monkeypatch):
    """The turn is with an import in another process; return what gives it back."""
    monkeypatch.setattr(limits, "job_wait", 0.2)
    with write_transaction():
        job_id = add_job(db.session(), "prepare", 0)
    assert take_turn(session(), job_id, "another process")

    def end() -> None:
        with write_transaction():
            end_in(db.session(), job_id, "another process")

    yield end
    session.rollback()
    session.execute(sa.update(Job).values(state="lost", turn=None))
    session.commit()


def test_an_import_waits_for_the_one_before_and_goes_on_after_it(
    client, upload, other_import, monkeypatch
):
    waiting = upload(OURS)

    assert "1 other import ahead" in words(waiting)
    assert "Nothing is written yet." in words(waiting)
    assert parse(waiting).select_one("noscript meta[http-equiv=refresh]")
    # Each step leads to how far it is, and a program hears that it runs.
    url = waiting.request.path
    assert "1 other import" in words(client.get(f"{url}plan"))
    answer = client.get(url, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["counts"]) == (202, None)

    other_import()
    for _ in range(100):
        page = client.get(url, follow_redirects=True)
        if step(page) == "plan":
            break
        time.sleep(0.1)
    assert numbers(page) == [2, 0, 0, 0, 0]


def test_an_import_that_waits_can_be_cancelled_and_read_again(
    client, upload, press, other_import
):
    waiting = upload(OURS)
    token = csrf(client, "/import/")

    page = client.post(
        f"{waiting.request.path}cancel",
        data={"csrf_token": token},
        follow_redirects=True,
    )
    assert (step(page), message(page)) == ("file", "Cancelled. Nothing was written.")
    other_import()
    assert step(press(page)) in ("", "plan")


# ---- mappings


def test_files_with_the_same_headings_are_read_as_before(
    client, upload, press, session, runner, tmp_path
):
    first = press(upload(VMS), c0="hostname", c1="owner", c2="var")
    done = press(first, go="import")

    # The order of the rows and more of them do not matter, other headings do.
    again = upload(VMS + "web-3,Eve,esx-1,10.0.0.3\n")
    assert (step(again), numbers(again)) == ("plan", [1, 0, 2, 0, 0])
    assert "Read with the mapping of" in words(again)
    assert step(upload(VMS.replace("Primary IP", "Other IP"))) == "columns"

    named = press(done, name="RVTools")
    assert "saved as “RVTools”" in words(named)
    (tmp_path / "vms.csv").write_text(VMS.replace("web-", "vm-"))
    command = ["hosts", "import", str(tmp_path / "vms.csv"), "--mapping", "rvtools"]
    result = runner.invoke(args=command)
    assert result.exit_code == 0, result.stderr
    assert stored(session)["vm-1"].owner == "Ann"


def test_words_that_were_mapped_once_are_not_asked_again(upload, press):
    text = "hostname,status\nweb-1,Mothballed\n"
    press(press(upload(text), v0="retired"), go="import")

    again = upload(text.replace("web-1", "web-2"))

    assert (step(again), numbers(again)) == ("plan", [1, 0, 0, 0, 1])


def test_a_mapping_for_a_field_that_is_gone_is_asked_again(
    upload, press, session, runner, tmp_path
):
    done = press(press(upload("Name,Rack\nweb-1,B1\n")), go="import")
    press(done, name="old")
    session.execute(
        sa.update(ImportMapping).values(
            columns={"hostname": ["Name"], "rack_unit": ["Rack"]}
        )
    )
    session.commit()

    again = upload("Name,Rack\nweb-2,B1\n")

    assert (step(again), again.status_code) == ("columns", 200)
    (tmp_path / "f.csv").write_text("Name,Rack\nweb-2,B1\n")
    for name, expected in (("old", "“rack_unit”"), ("odl", "Did you mean")):
        result = runner.invoke(
            args=["hosts", "import", str(tmp_path / "f.csv"), "--mapping", name]
        )
        assert (result.exit_code, expected in result.stderr) == (1, True)


def test_a_mapping_can_be_deleted(client, upload, press, session):
    press(press(press(upload("Name,Rack\nweb-1,B1\n")), go="import"), name="x")
    page = parse(client.get("/import/"))
    form = page.select_one("form[action*=mappings]")

    client.post(form["action"], data={"csrf_token": csrf(client, "/import/")})

    assert session.scalar(sa.select(ImportMapping.id)) is None
    assert step(upload("Name,Rack\nweb-1,B1\n")) == "columns"


# ---- hostile files


def bomb() -> bytes:
    return zipped({"xl/workbook.xml": b"<x/>", "xl/1.xml": b"0" * 10 * 1024**2})


YAML_BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n"
    for n in range(9)
)
XML_BOMB = (
    '<?xml version="1.0"?><!DOCTYPE nmaprun [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    '<nmaprun scanner="nmap"><host><status state="up"/>&b;</host></nmaprun>'
)


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (b"", "hosts.csv", "The file is empty."),
        (b" \n\t\n", "hosts.csv", "is empty"),
        (b"\x89PNG\r\n", "hosts.csv", "The file is a picture."),
        (b"PK\x03\x04 cut off", "hosts.xlsx", "zip archive"),
        (b"\xd0\xcf\x11\xe0 not a workbook", "hosts.xls", "damaged"),
        (
            b"$ANSIBLE_VAULT;1.1;AES256\n66\n",
            "vault.yml",
            "encrypted with ansible-vault",
        ),
        (b"<!doctype html><html><body>Log in", "hosts.csv", "The file is a web page"),
        (XML_BOMB.encode(), "scan.xml", ""),
        (YAML_BOMB.encode(), "hosts.yml", ""),
        (b'hostname,owner\nweb-1,"open\n', "hosts.csv", "not closed"),
        (b"hostname\n" + b"x" * 1_100_000, "hosts.csv", "characters"),
    ],
)
def test_a_hostile_file_is_refused_in_words_and_writes_nothing(
    upload, session, content, name, expected
):
    refused = upload(content, name)

    assert step(refused) in ("", "file", "columns")
    assert expected in message(refused)
    assert message(refused)
    assert "Traceback" not in refused.text
    assert stored(session) == {}


def test_a_workbook_that_unpacks_to_too_much_is_refused(upload, monkeypatch):
    monkeypatch.setattr(workbook, "MAX_UNPACKED", 1024**2)
    assert "when unpacked" in message(upload(bomb(), "hosts.xlsx"))


def test_a_file_over_the_limit_is_refused(client, upload, monkeypatch, app):
    settings = app.extensions["hostadmin"]
    small = settings.model_copy(update={"upload_limit": 1024})
    monkeypatch.setitem(app.extensions, "hostadmin", small)

    refused = upload("hostname\n" + "web\n" * 400)

    assert (refused.status_code, "over 1,024 bytes" in message(refused)) == (400, True)


def test_names_of_files_are_data(upload):
    plan = upload(OURS, "../../<script>alert(1)</script>\u202e.csv")

    assert "<script>alert(1)" not in plan.text
    assert "&lt;" in plan.text or "script" in words(plan)


def test_nothing_to_take_is_shown(client):
    answer = client.post("/import/", data={"csrf_token": csrf(client, "/import/")})

    assert answer.status_code == 400
    assert message(answer) == "Choose a file, or paste its text."


# ---- programs


@pytest.fixture
def tool(app):
    with app.app_context(), history.writing("tests"):
        key = tokens.add_token("nightly", "editor")[1]
    browser = app.test_client()

    def send(text: str, **fields: str) -> Any:
        return browser.post(
            "/import/",
            data={"file": (io.BytesIO(text.encode()), "hosts.csv"), **fields},
            headers={"Authorization": f"Bearer {key}"},
        )

    return send


def test_a_program_sends_a_file_and_learns_what_would_happen(tool, session):
    answer = tool(OURS)

    assert (answer.status_code, answer.json["counts"]["new"]) == (200, 2)
    assert stored(session) == {}


def test_a_program_learns_which_lines_are_worth_a_look(tool, make_host):
    make_host(hostname="db-1", owner="platform")

    answer = tool("hostname,owner\ndb-2,platfrom\n", apply="1")

    assert answer.json["errors"] == []
    [line] = answer.json["warnings"]
    assert line.startswith("line 2 (platfrom): New owner “platfrom”. Did you mean")


def test_a_program_has_a_file_imported_with_the_options_of_the_command(tool, session):
    answer = tool(
        "Box;State\nweb-1;Running\n",
        apply="1",
        column="hostname=Box",
        value="status:Running=active",
        message="nightly",
    )

    assert answer.status_code == 200, answer.json
    assert answer.json["change"]
    assert set(stored(session)) == {"web-1"}
    [entry] = session.scalars(sa.select(ChangeEntry).filter_by(subject="host"))
    assert entry.change_set.actor == "token nightly"


@pytest.mark.parametrize(
    ("text", "fields", "expected"),
    [
        ("a;b\n1;2\n", {}, "no header"),
        (OURS + BAD, {"apply": "1"}, ""),
        (OURS, {"column": "nothing"}, "FIELD=HEADER"),
        (OURS, {"missing": "burn"}, "is not an action for missing hosts"),
        (OURS, {"within": "env:("}, "env"),
    ],
)
def test_a_program_is_refused_in_words(tool, session, text, fields, expected):
    answer = tool(text, **fields)

    assert answer.is_json
    assert expected in (answer.json["problem"] or "")
    assert answer.status_code == 400 or answer.json["errors"]
    assert stored(session) == {}


# ---- what is worth a look


def test_a_host_under_its_old_name_can_be_taken_for_the_one_it_is(
    client, upload, press, session, make_host
):
    id_ = make_host(hostname="web-7")
    with history.writing("bob"):
        hosts.change_host(id_, {"hostname": "shop-7"})
    plan = upload("hostname,ip_addr\nweb-7,10.0.0.7\n")

    assert numbers(plan)[0] == 1
    shown = client.get(f"{plan.request.path}?show=warnings")
    assert "“shop-7” used to have this name." in words(shown)
    choice = parse(shown).select_one("input[name=same]")["value"]
    again = press(plan, go="same", same=choice)

    assert numbers(again)[:2] == [0, 1]
    press(again, go="import")
    assert stored(session)["shop-7"].ip_addr == "10.0.0.7"
    assert "web-7" not in stored(session)


def test_a_workbook_that_is_read_as_something_else_says_what_to_choose():
    said = page_words("a.xlsx: is a workbook; read it with --format xlsx.", "a.xlsx")
    assert said == (
        "The file is a workbook; choose the format “Workbook (xlsx, xls, ods)”."
    )
