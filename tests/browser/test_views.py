"""Views, in a real browser."""

from playwright.sync_api import expect

from hostadmin import history, saved_views
from hostadmin.db.session import db
from hostadmin.history import ActorContext


def test_pages_of_views_are_accessible(
    app, page, every_look, make_host, console_errors
):
    make_host(hostname="web-1", environment="prod")
    kept = saved_views.View(
        "Production, all of it", "hosts", "env:prod", [("sort", "-ip")]
    )
    broken = saved_views.View("Old web", "hosts", "env:dev")
    viewer = saved_views.Viewer()
    with app.app_context():
        view_id = history.write(
            ActorContext("ann", "web"),
            lambda: saved_views.add_view(db.session(), viewer, kept).id,
        )

        def keep_broken():
            view = saved_views.add_view(db.session(), viewer, broken)
            view.query = "group:gone"
            return view.id

        broken_id = history.write(ActorContext("ann", "web"), keep_broken)
    for url in (
        f"/views/{view_id}",
        f"/hosts/?view={view_id}&q=env:dev",
        "/stats/",
        "/views/",
        "/views/new/?q=env:prod",
        f"/views/edit/?id={view_id}",
        f"/views/delete/?id={view_id}",
        f"/views/{broken_id}",
    ):
        page.goto(url)
        menu = page.locator(".views summary")
        if menu.count():
            menu.click()
        every_look(page)
        page.set_viewport_size({"width": 1280, "height": 800})
    # The browser notes that the broken view is answered by 400.
    assert all("Failed to load resource" in line for line in console_errors)
    console_errors.clear()


def test_a_view_is_saved_and_opened_by_keyboard_alone(page, make_host):
    make_host(hostname="web-1", environment="prod")
    make_host(hostname="web-2", environment="dev")
    page.goto("/hosts/?q=env:prod")
    page.get_by_text("Views", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Save this view").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Name").focus()
    page.keyboard.type("Prod")
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("View “Prod” saved.")

    page.goto("/hosts/")
    expect(page.get_by_role("heading", name="2 hosts")).to_be_visible()
    page.get_by_text("Views", exact=True).click()
    page.get_by_role("link", name="Prod", exact=True).click()
    expect(page.get_by_role("heading", name="1 of 2 hosts")).to_be_visible()
