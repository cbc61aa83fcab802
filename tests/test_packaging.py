"""What a clone must hold so that two commands are enough anywhere."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parent.parent
# A clone that another user made is still ours to read.
GIT = ("git", "-c", f"safe.directory={ROOT}")
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))

# Brackets keep the patterns from finding themselves.
FOREIGN = {
    "a path of one machine": re.compile(r"(?<![\w.])/(work|root|workspace)[/]"),
    "the host of a registry": re.compile(
        r"pypi[.]org|pythonhosted[.]org|registry[.]npmjs|deb[.]debian[.]org"
    ),
}


def requirement_blocks(name: str) -> list[str]:
    """Return each requirement with its continuation lines."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


PINNED = ("requirements.txt", "requirements-dev.txt", "requirements-servers.txt")


@pytest.mark.parametrize("name", PINNED)
def test_every_requirement_is_pinned_and_hashed(name):
    loose = [
        block
        for block in requirement_blocks(name)
        if not re.match(r"[a-z0-9.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", block)
    ]

    assert loose == []


def test_both_files_pin_the_same_versions():
    runtime, development = (
        dict(block.split()[0].split("==") for block in requirement_blocks(name))
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    common = runtime.keys() & development.keys()

    assert {name: runtime[name] for name in common} == {
        name: development[name] for name in common
    }


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_what_is_asked_for_is_pinned(name):
    asked = re.findall(r"^\w[\w-]*", (ROOT / f"{name}.in").read_text(), re.MULTILINE)
    pinned = {block.split("==")[0] for block in requirement_blocks(f"{name}.txt")}

    assert {item.lower() for item in asked} - pinned == set()


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_explains_every_target():
    makefile = (ROOT / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split()
    shown = subprocess.run(
        ["make", "--no-print-directory"],
        cwd=ROOT,
        # Inside `make test` we would inherit its flags.
        env={key: value for key, value in os.environ.items() if "MAKE" not in key},
        capture_output=True,
        text=True,
        check=True,
    )

    explained = re.findall(r"^make (\w+) +\S", shown.stdout, re.MULTILINE)

    assert explained == targets


def files_of_the_repository() -> list[Path]:
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("this is no git clone")
    listed = subprocess.run(
        # What is not yet added counts, too: it will be.
        [*GIT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


@pytest.mark.parametrize("what", FOREIGN)
def test_no_file_names(what):
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in files_of_the_repository()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if FOREIGN[what].search(line)
    ]

    assert found == []


@pytest.mark.parametrize(
    "template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates"))
)
def test_templates_hold_nothing_that_the_csp_forbids(template):
    page = BeautifulSoup(template.read_text(), "html.parser")

    scripts = page.select("script:not([src]):not([type='application/json'])")
    handlers = [
        f"{tag.name} {name}"
        for tag in page.find_all(True)
        for name, value in tag.attrs.items()
        if re.match(r"on[a-z]+$|style$", name) or "javascript:" in str(value)
    ]

    assert (scripts, page.select("style"), handlers) == ([], [], [])


def test_every_file_named_in_the_readme_exists():
    readme = (ROOT / "README.md").read_text()
    linked = re.findall(r"\]\((?!https?:|#)([^)#]+)", readme)
    named = re.findall(r"\b[A-Z]{4,}\.md\b|\bdocs/[\w./-]+\w", readme)

    missing = [name for name in {*linked, *named} if not (ROOT / name).exists()]

    assert missing == []


def test_ci_can_be_started():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_this_python_is_one_we_promise():
    assert (3, 11) <= sys.version_info < (3, 15)
