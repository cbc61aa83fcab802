"""promtool takes our targets, and takes them for what they are."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hostadmin.formats import prometheus

from ..helpers.content import content_of_hosts

needs_promtool = pytest.mark.skipif(
    not shutil.which("promtool"), reason="promtool is not installed"
)

HOSTS = [
    {
        "hostname": "web-1",
        "ip_addr": "10.0.0.1",
        "port": 22,
        "environment": "prod",
        "owner": 'a "b" \\ {{ x }}',
        "aliases": ["www"],
        "groups": ["front", "web"],
        "vars": {"exporter": {"port": "9101"}, "bad-name!": 1, "n": 5},
        "notes": "a\nb",
    },
    {"hostname": "six", "ip_addr": "2001:db8::1", "port": 22},
    {"hostname": "bare.example.net", "vars": {"exporter": {"port": 9102}}},
    {"hostname": "no name"},
    {"hostname": "a/b"},
]


def written(hosts: list[dict[str, Any]], **options: Any) -> tuple[str, list[str]]:
    notes: list[str] = []
    return "".join(prometheus.write(content_of_hosts(hosts), notes, **options)), notes


def targets(text: str) -> list[str]:
    return [target for group in json.loads(text) for target in group["targets"]]


@needs_promtool
def test_promtool_takes_every_target(tmp_path: Path):
    text, _ = written(HOSTS, port=9100)
    (tmp_path / "targets.json").write_text(text)
    config = tmp_path / "prometheus.yml"
    config.write_text(
        "scrape_configs: [{job_name: node, file_sd_configs: [{files: [targets.json]}]}]"
    )
    done = subprocess.run(
        ["promtool", "check", "config", config],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr + done.stdout
    assert targets(text) == [
        "10.0.0.1:9100",
        "[2001:db8::1]:9100",
        "bare.example.net:9100",
    ]


def test_labels_are_texts_with_names_that_prometheus_takes():
    text, _ = written(HOSTS)

    assert json.loads(text)[0] == {
        "targets": ["10.0.0.1:22"],
        "labels": {
            "__meta_hostadmin_hostname": "web-1",
            "__meta_hostadmin_aliases": ",www,",
            "__meta_hostadmin_ip_addr": "10.0.0.1",
            "__meta_hostadmin_port": "22",
            "__meta_hostadmin_status": "active",
            "__meta_hostadmin_environment": "prod",
            "__meta_hostadmin_owner": 'a "b" \\ {{ x }}',
            "__meta_hostadmin_groups": ",front,web,",
        },
    }


def test_a_variable_may_hold_the_port_and_what_has_none_is_shown():
    text, notes = written(HOSTS, port=prometheus.read_port("var.exporter.port"))

    assert targets(text) == ["10.0.0.1:9101", "[2001:db8::1]", "bare.example.net:9102"]
    assert notes == [
        "Targets without a port get the default port of their scheme: “six”.",
        "Hosts without an address or a name to connect to were left out: "
        "“no name”, “a/b”.",
    ]


def test_no_hosts_are_an_empty_list():
    assert json.loads(written([])[0]) == []
    assert json.loads(written([{"hostname": "a b"}])[0]) == []
