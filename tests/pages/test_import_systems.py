"""Exports of other systems on the pages: right, or asked, never silently wrong."""

from pathlib import Path

import pytest

from ..helpers.import_pages import message, step, stored, words
from ..helpers.pages import parse

ON_ONE_ENGINE = True

FOLDER = Path(__file__).parent / "exports"
# What is chosen where it is asked, and what is stored then of each host.
TABLES = {
    "rvtools": (
        {},
        {
            "web-1": {"ip_addr": "10.0.0.1", "location": "fra1", "Host": "esx-1."},
            "db-1": {"ip_addr": None, "os": "Red Hat Enterprise", "VM ID": "vm-102"},
        },
    ),
    "vsphere": (
        {"Name": "hostname", "Host": "var", "Status": "var"},
        {
            "web-1": {"ip_addr": "10.13.0.1", "os": "Debian", "State": "Powered On"},
            "db-1": {"ip_addr": None, "Host": "esx-2.example.net"},
        },
    ),
    "glpi": (
        {"In stock": "offline"},
        {
            "PC-0001": {"ip_addr": "10.1.0.5", "Serial number": "0012345"},
            "SRV-0002": {"status": "offline", "os": "Debian", "location": "Lyon"},
        },
    ),
    "glpi-fr": (
        {},
        {"PC-0001": {"ip_addr": "10.1.0.5", "os": "Windows 11", "location": "Paris"}},
    ),
    "aws": (
        {},
        {
            "worker": {"ip_addr": "10.0.0.5", "addresses": "203.0.113.7"},
            "bastion": {"ip_addr": "10.0.0.6", "Instance state": "Stopped"},
        },
    ),
    "azure": (
        {},
        {
            "vm-app-1": {"ip_addr": "20.0.0.4", "status": "active", "os": "Linux"},
            "vm-app-2": {"ip_addr": None, "status": "offline"},
        },
    ),
    "gcp": (
        {},
        {
            "web-1": {"ip_addr": "10.15.0.1", "addresses": "203.0.113.6"},
            "db-1": {"ip_addr": "10.15.0.2", "status": "offline"},
        },
    ),
    "digitalocean": (
        {},
        {
            "web-1": {"ip_addr": "10.16.0.1", "location": "fra1", "ID": "301"},
            "db-1": {"status": "offline", "Tags": "db"},
        },
    ),
    "openstack": (
        {},
        {
            "web-1": {"status": "active", "Image": "debian-12"},
            "db-1": {"status": "offline", "Networks": "private=10.14.0.2"},
        },
    ),
    "nutanix": (
        {},
        {
            "web-1": {"ip_addr": "10.22.0.1", "Host": "ntnx-1"},
            "db-1": {"ip_addr": "10.22.0.2", "addresses": "10.22.0.3"},
        },
    ),
    "librenms": (
        {"1": "active", "0": "offline"},
        {
            "sw-1.example.net": {"ip_addr": "10.2.0.1", "status": "active"},
            "10.2.0.2": {"ip_addr": "10.2.0.2", "status": "offline", "os": "junos"},
        },
    ),
    "netbox-all": (
        {},
        {
            "sw-1": {
                "ip_addr": "10.3.0.1",
                "addresses": "2001:db8::1",
                "role": "Access Switch",
                "Asset tag": "0042",
            },
            "sw-2": {"status": "offline", "location": "Berlin"},
        },
    ),
    "phpipam": (
        {"port": "var"},
        {
            "web-1.example.net": {"ip_addr": "10.4.0.1", "port": "Gi0/1"},
            "10.4.0.2": {"ip_addr": "10.4.0.2", "ip state": "Reserved"},
        },
    ),
    "snipe-it": (
        {"Ready to Deploy Deployed": "active", "Pending": "staged"},
        {"web-1": {"ip_addr": "10.5.0.1", "Serial": "0045678", "location": "Berlin"}},
    ),
    "foreman": (
        {},
        {
            "web-1.example.net": {"ip_addr": "10.6.0.1", "os": "RHEL 9.2"},
            "db-1.example.net": {"ip_addr": "10.6.0.2", "Host Group": "DB"},
        },
    ),
    "zabbix-csv": (
        {"Interface": "ignore"},
        {"web-1": {"status": "active"}, "web-2": {"status": "offline"}},
    ),
    "lansweeper": (
        {},
        {
            "PC-0001": {"ip_addr": "10.8.0.1", "Serialnumber": "0012345"},
            "SRV-1": {"ip_addr": "10.8.0.2", "os": "Linux"},
        },
    ),
    "checkmk": (
        {"alias": "notes"},
        {
            "web-1": {"ip_addr": "10.9.0.1", "notes": "Web server"},
            "db-1": {"ip_addr": "10.9.0.2", "location": "main"},
        },
    ),
    "ocs": (
        {},
        {
            "PC-0001": {"ip_addr": "10.10.0.1", "os": "Microsoft Windows 11 Pro"},
            "srv-1": {"ip_addr": "10.10.0.2", "Account info: TAG": "BER"},
        },
    ),
    "sccm": (
        {},
        {
            "PC-0001": {"ip_addr": "10.11.0.1", "addresses": "fe80::1234"},
            "PC-0002": {"ip_addr": None, "Client Activity": "Inactive"},
        },
    ),
    "sccm-sql": ({}, {"PC-0001": {"ip_addr": "10.11.0.1", "os": "Microsoft"}}),
    "jamf": (
        {},
        {"MAC-001": {"ip_addr": "10.12.0.1", "os": "macOS", "Asset Tag": "000991"}},
    ),
    "racktables": (
        {},
        {"srv-1": {"Asset tag": "000077"}, "sw-1": {"Type": "Network switch"}},
    ),
    "device42": (
        {},
        {
            "web-1": {"ip_addr": "10.17.0.1", "addresses": "10.17.0.2"},
            "esx-1": {"ip_addr": "10.17.0.9", "Serial #": "0099"},
        },
    ),
    "servicenow": (
        {},
        {
            "web-1": {"ip_addr": "10.18.0.1", "asset_tag": "P1000001"},
            "db-1": {"ip_addr": "10.18.0.2", "install_status": "Retired"},
        },
    ),
    "ralph": ({}, {"dc-1.example.net": {"ip_addr": "10.19.0.1", "barcode": "000123"}}),
    "pdq": ({}, {"PC-0001": {"ip_addr": "10.20.0.1", "os": "Windows 11"}}),
    "intune": ({}, {"LAPTOP-1": {"os": "Windows", "Serial number": "0012"}}),
    "ad": (
        {},
        {
            "SRV-1": {"ip_addr": "10.21.0.1", "os": "Windows Server 2022"},
            "SRV-2": {"ip_addr": None, "DNSHostName": "srv-2.corp.example.net"},
        },
    ),
    "prtg": (
        {"Device": "hostname", "Host": "var"},
        {
            "Web 1": {"status": "active", "Host": "10.23.0.1"},
            "DB 1": {"status": "offline", "Host": "db-1.example.net"},
        },
    ),
    "opnsense-dhcp": (
        {},
        {
            "printer-1": {"ip_addr": "10.25.0.1", "status": "active"},
            "10.25.0.2": {"ip_addr": "10.25.0.2", "status": "offline"},
        },
    ),
}
REFUSED = {
    "proxmox.json": "the records have the fields “id”, “name”, “node”",
    "proxmox-api.json": "“data” lists objects",
    "proxmox-qm.txt": "no header",
    "librenms-json.json": "“devices” lists objects",
    "zabbix.yaml": "not an Ansible inventory",
    "zabbix-json.json": "“zabbix_export” lists objects",
    "openstack-json.json": "the records have the fields “ID”, “Name”",
    "aws-json.json": "“Reservations” lists objects",
    "terraform.json": "“resources” lists objects",
    "gcp-aligned.txt": "no header",
    "doctl.txt": "no header",
    "kubectl.txt": "no header",
}


def answered(page, answers: dict[str, str]) -> dict[str, str]:
    """Return the fields of the form that give columns and words what was chosen."""
    found = {}
    for label in parse(page).select("label[for^=c], label[for^=v]"):
        asked = label.b.text if label["for"][0] == "v" else label.text
        if asked in answers:
            found[label["for"]] = answers[asked]
    return found


def value_of(host, name: str) -> str | None:
    if name == "status":
        return host.status.value
    if name == "addresses":
        return ",".join(one.ip_addr for one in host.addresses)
    # A column that is no field became a variable, be it called like one.
    return host.vars[name] if name in host.vars else getattr(host, name)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_another_system_is_read_right_or_asked(
    name, client, upload, press, session
):
    answers, expected = TABLES[name]
    file = FOLDER / f"{name}.csv"

    page = upload(file.read_bytes(), file.name)
    while step(page) == "columns":
        page = press(page, **answered(page, answers))
    # Words of a column that had to be chosen first.
    if link := parse(page).find("a", string="Choose what these values mean"):
        page = client.get(link["href"])
        page = press(page, **answered(page, answers))

    assert step(page) == "plan", message(page)
    press(page, go="import")
    found = stored(session)
    for hostname, fields in expected.items():
        for field, value in fields.items():
            shown = value_of(found[hostname], field)
            assert (shown or "").startswith(value or "\0") or shown == value
    assert found.keys() == expected.keys()


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_table_is_refused_by_what_it_is(name, upload, session):
    page = upload((FOLDER / name).read_bytes(), name)

    assert step(page) == "file"
    assert REFUSED[name] in message(page)
    assert "--" not in words(page)
    assert stored(session) == {}
