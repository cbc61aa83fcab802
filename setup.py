"""What a wheel holds; all else about it is in pyproject.toml."""

from pathlib import Path

from setuptools import find_namespace_packages, setup

# They stand beside the package, and inside of it once it is installed.
BESIDE = {
    ".".join(("hostadmin", *folder.parts)): str(folder)
    for top in (Path("templates"), Path("static"))
    for folder in (top, *top.rglob("*"))
    if folder.is_dir()
}

setup(
    packages=[*find_namespace_packages(include=["hostadmin", "hostadmin.*"]), *BESIDE],
    package_dir=BESIDE,
    package_data={"": ["*.html", "*.css", "*.js", "*.svg", "*.ini", "*.mako"]},
)
