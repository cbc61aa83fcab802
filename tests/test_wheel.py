"""The wheel, in an environment that has what it needs and no checkout."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
import yaml

from hostadmin.config import Settings

from .helpers.paths import ROOT

HOSTS = "hostname,ip_addr\nweb-1,10.0.0.1\nweb-2,10.0.0.2\n"
# One page, its styles and the log-in, as the installed program makes them.
PAGES = """
import json, hostadmin
from hostadmin import create_app
app = create_app()
client = app.test_client()
answers = [client.get(url).status_code for url in ("/login", "/static/hostadmin.css")]
print(json.dumps([hostadmin.__file__, *answers]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += [
        "--no-index",
        "--no-build-isolation",
        "--wheel-dir",
        folder,
        folder / "src",
    ]
    # A copy of what git has: building leaves traces.
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().rstrip("\0").split("\0"):
        if name.startswith(("tests/", "docs/")) or not (ROOT / name).is_file():
            continue
        target = folder / "src" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    done = subprocess.run(
        [*command, folder / "src"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """A new environment with the wheel; what it needs comes from that of the tests."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    command = [sys.executable, "-m", "pip", f"--python={python}", "install", "--quiet"]
    subprocess.run([*command, "--no-index", "--no-deps", wheel], check=True)
    (packages,) = (folder / "lib").glob("python*/site-packages")
    (packages / "needed.pth").write_text(sysconfig.get_path("purelib"))
    return folder


def test_two_commands_lead_to_the_first_page(environment, tmp_path):
    (tmp_path / "hosts.csv").write_text(HOSTS)
    data = tmp_path / "data"
    settings = {"HOME": str(tmp_path), "HOSTADMIN_INSTANCE": str(data)}
    env = {"PATH": os.environ["PATH"], **settings}

    def run(*words):
        done = subprocess.run(
            [environment / "bin" / words[0], *words[1:]],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("hostadmin", "database", "upgrade")
    run("hostadmin", "hosts", "import", "hosts.csv")
    assert run("hostadmin", "hosts", "count") == "2\n"
    assert (data / "hostadmin.sqlite").is_file()
    assert "--prepare" in run("hostadmin", "serve", "--help")
    path, *answers = json.loads(run("python", "-c", PAGES))
    assert Path(path).is_relative_to(environment)
    assert answers == [200, 200]


def test_files_for_deployment_use_settings_that_exist():
    known = {f"HOSTADMIN_{name.upper()}" for name in Settings.model_fields}
    folder = ROOT / "docs" / "deploy"
    for file in folder.iterdir():
        used = set(re.findall(r"HOSTADMIN_[A-Z_]+", file.read_text()))
        assert used <= known, file.name
    compose = yaml.safe_load((folder / "compose.yaml").read_text())
    for service in compose["services"].values():
        assert set(service.get("secrets", ())) <= compose["secrets"].keys()
        assert set(service.get("depends_on", ())) <= compose["services"].keys()


def test_the_unit_is_one_that_systemd_takes(tmp_path):
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed: apt install systemd")
    unit = (ROOT / "docs" / "deploy" / "hostadmin.service").read_text()
    # It looks whether the program is there.
    here = unit.replace("/opt/hostadmin/bin/hostadmin", "/bin/true")
    assert here != unit
    (tmp_path / "hostadmin.service").write_text(here)
    done = subprocess.run(
        [analyze, "verify", "--man=no", tmp_path / "hostadmin.service"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_wheel_asks_for_what_the_program_needs(environment):
    (about,) = environment.glob("lib/*/site-packages/hostadmin-*.dist-info/METADATA")
    asked = set(re.findall(r"^Requires-Dist: ([\w-]+)", about.read_text(), re.M))
    needed = re.findall(r"^\w[\w-]*", (ROOT / "requirements.in").read_text(), re.M)
    assert asked == set(needed)
