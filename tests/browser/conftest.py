"""A real browser in front of a real server. Any error in its console fails the test."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from ..helpers.accounts import add_person, cookie_of
from ..helpers.apps import unavailable
from ..helpers.looks import VIEWPORTS, Viewport
from ..helpers.web_server import served

PROGRAMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
# Root has no sandbox, and nobody else may be asked over the network.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => console.error(
    `CSP: ${event.violatedDirective} forbids ${event.blockedURI} ` +
    `(${event.sourceFile}:${event.lineNumber})`));
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.parent.name:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        unavailable("Chromium is not installed: apt install chromium")
    try:
        playwright = sync_playwright().start()
    except Exception as error:
        # Its driver is a Node.js that wants a library which a bare Debian lacks.
        unavailable(f"Playwright does not start: apt install libatomic1 ({error})")
    browser = playwright.chromium.launch(
        executable_path=program, headless=True, args=FLAGS
    )
    yield browser
    browser.close()
    playwright.stop()


@pytest.fixture(scope="session")
def database(sqlite_uri: str) -> str:
    """What a browser does is the same on every engine."""
    return sqlite_uri


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[[Flask], str]]:
    """Serve an app on a port of its own until the end; return its address."""
    addresses: dict[int, str] = {}
    with contextlib.ExitStack() as stack:

        def start(app: Flask) -> str:
            if id(app) not in addresses:
                port = stack.enter_context(served(app))
                addresses[id(app)] = f"http://127.0.0.1:{port}"
            return addresses[id(app)]

        yield start


@pytest.fixture
def live_server(app: Flask, serve: Callable[[Flask], str]) -> str:
    """The address of the running app; ``make_host`` and ``app`` work on its data."""
    return serve(app)


@pytest.fixture
def viewport(request: pytest.FixtureRequest) -> Viewport:
    """Choose with ``@pytest.mark.parametrize("viewport", [...], indirect=True)``."""
    return VIEWPORTS[getattr(request, "param", "light")]


@pytest.fixture
def console_errors() -> list[str]:
    """What the console showed; a test that provokes an error clears the list."""
    return []


@pytest.fixture
def role() -> str:
    """Who looks at the pages; a module that asks for nobody says ""."""
    return "admin"


@pytest.fixture
def page(
    app: Flask,
    browser: Browser,
    live_server: str,
    viewport: Viewport,
    role: str,
    console_errors: list[str],
) -> Iterator[Page]:
    """A page whose relative addresses are those of the live server."""

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            console_errors.append(f"{message.text} [{message.location['url']}]")

    with browser.new_context(
        base_url=live_server,
        viewport={"width": viewport.width, "height": viewport.height},
        color_scheme=viewport.scheme,
        # Movements would be caught half-way by screenshots and contrast checks.
        reduced_motion="reduce",
    ) as context:
        context.set_default_timeout(10_000)
        if role:
            name, value = cookie_of(app, add_person(app, role, role))
            cookie: Any = {"name": name, "value": value, "url": live_server}
            context.add_cookies([cookie])
        context.add_init_script(REPORT_VIOLATIONS)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: console_errors.append(str(error)))
        yield page
    assert not console_errors, "the console shows:\n" + "\n".join(console_errors)


@pytest.fixture
def plain_page(app: Flask, browser: Browser, live_server: str) -> Iterator[Page]:
    """A page of a browser that runs no scripts; an admin looks at it."""
    with browser.new_context(
        base_url=live_server, java_script_enabled=False
    ) as context:
        context.set_default_timeout(10_000)
        name, value = cookie_of(app, add_person(app, "admin", "admin"))
        context.add_cookies([{"name": name, "value": value, "url": live_server}])
        yield context.new_page()


@pytest.fixture
def axe() -> Callable[..., None]:
    """``axe(page)`` fails for every breach of the accessibility rules, or of some."""

    def check(page: Page, *rules: str) -> None:
        options = {"runOnly": {"type": "rule", "values": rules}} if rules else {}
        # A click may still be leading to the page.
        page.wait_for_load_state("load")
        page.locator("main").wait_for(state="attached")
        violations = Axe().run(page, options=options).response["violations"]
        lines = [line for found in violations for line in _explained(found)]
        assert not violations, f"axe on {page.url}:\n" + "\n".join(lines)

    return check


@pytest.fixture
def every_look(axe: Callable[..., None]) -> Callable[[Page], None]:
    """``every_look(page)``: accessible in both schemes, no wider than its window.

    The page is loaded once: its styles follow the window, which is cheaper than a visit
    for each look.
    """

    def check(page: Page) -> None:
        for name, look in VIEWPORTS.items():
            page.set_viewport_size({"width": look.width, "height": look.height})
            page.emulate_media(color_scheme=look.scheme, reduced_motion="reduce")
            # What the scheme decides is colours alone.
            axe(page, *(["color-contrast"] if look.scheme == "dark" else []))
            wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
            assert not wide, f"{page.url} scrolls sideways ({name})"

    return check


def _explained(violation: dict[str, Any]) -> Iterator[str]:
    yield f"{violation['id']} ({violation['impact']}): {violation['help']}"
    for node in violation["nodes"][:5]:
        yield f"    {' '.join(map(str, node['target']))}"
        yield f"        {node['html'][:160]}"
        for reason in node["any"] + node["all"] + node["none"]:
            yield f"        {reason['message']}"
