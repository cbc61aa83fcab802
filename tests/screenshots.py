"""Take the screenshots of the README, on made-up hosts: ``make screenshots``."""

import shutil
import sys
import tempfile
from pathlib import Path

from flask import Flask
from playwright.sync_api import Page, sync_playwright

from hostadmin import create_app, demo
from hostadmin.config import Settings
from hostadmin.db import schema
from hostadmin.db.session import db

from .helpers.accounts import add_person, cookie_of
from .helpers.web_server import served

DOCS = Path(__file__).parent.parent / "docs"
SIZE = {"width": 1280, "height": 900}
PREVIEW = "/hosts/bulk/edit?step=plan&all=1&q=env:prod+role:web&owner=platform"
PAGES = {
    "list": "/hosts/?q=env:prod+-status:retired",
    "bulk": PREVIEW,
    "stats": "/stats/",
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(
            Settings(
                database_uri=f"sqlite:///{folder}/demo.sqlite", secret_key="x" * 40
            )
        )
        with app.app_context():
            schema.bring_up_to_date(db.engine)
            demo.fill_if_empty()
        with served(app) as port:
            take_all(app, f"http://127.0.0.1:{port}")


def take_all(app: Flask, address: str) -> None:
    program = shutil.which("chromium") or shutil.which("google-chrome-stable")
    with sync_playwright() as playwright:
        # Root has no sandbox.
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"]
        )
        context = browser.new_context(
            base_url=address, viewport=SIZE, reduced_motion="reduce"
        )
        name, value = cookie_of(app, add_person(app, "admin", "ann"))
        context.add_cookies([{"name": name, "value": value, "url": address}])
        page = context.new_page()
        for file, path in PAGES.items():
            take(page, path, DOCS / f"{file}.png")
        browser.close()


def take(page: Page, path: str, file: Path) -> None:
    answer = page.goto(path, wait_until="networkidle")
    if answer is None or not answer.ok:
        raise SystemExit(f"{path} cannot be shown: {answer and answer.status}")
    page.screenshot(path=file)
    sys.stdout.write(f"{file.relative_to(DOCS.parent)}\n")


if __name__ == "__main__":
    main()
