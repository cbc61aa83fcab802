"""Variables of the whole inventory, which every host has."""

from flask import Response

from ..history import write
from ..inventory.inventory_vars import change_inventory, get_inventory
from ..models import Inventory
from .blueprint import NO_OPTIONS, answer, bp
from .callers import api_act
from .documented import documented
from .merge_patch import merged
from .preconditions import seen_version, stale_refused, version_tag
from .shapes import InventoryChange, InventoryVars, Seen, Why

TAG = "Variables of all hosts"


@bp.get("/inventory")
@documented(InventoryVars, tag=TAG)
def show_inventory() -> Response:
    """Show the variables of all hosts"""
    return inventory_answer(get_inventory())


def inventory_answer(inventory: Inventory) -> Response:
    version = inventory.version or 0
    return answer(
        {"vars": inventory.vars, "version": version}, 200, version_tag(version)
    )


@bp.patch("/inventory", **NO_OPTIONS)
@documented(InventoryVars, tag=TAG, headers=Seen)
def change_inventory_vars(query: Why, json: InventoryChange) -> Response:
    """Change the variables of all hosts

    A JSON Merge Patch: variables are merged, null removes one.
    """
    version = seen_version()

    def work() -> Response:
        fields = {"vars": merged(get_inventory().vars, json.vars)}
        with stale_refused():
            return inventory_answer(change_inventory(fields, version))

    return write(api_act(query.message), work)
