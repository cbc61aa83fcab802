"""The page of what is said of all hosts: the variables of the whole inventory."""

from collections.abc import Mapping
from typing import Any, ClassVar

from flask import redirect
from flask.typing import ResponseReturnValue
from flask_admin import expose

from ..errors import NotFound
from ..inventory import inventory_vars
from ..models import Inventory
from ..models.inventory import ONLY_ID
from ..validation.rules import GROUP_RULES
from .generated import formatters
from .generated.form_fields import VarsField
from .generated.model_view import ModelAdmin, parse_id
from .generated.way_back import WayBack, find_way_back
from .hosts import details


class InventoryAdmin(ModelAdmin):
    """One row, which is there as soon as somebody saves it."""

    noun = "variables of"
    nouns = "variables of all hosts"
    rules = GROUP_RULES
    can_create = False
    can_delete = False
    details_template = "inventory_vars/details.html"

    column_list = ("updated_at",)
    column_labels: ClassVar[dict[str, str]] = {
        "updated_at": "Updated",
        "vars": "Variables (YAML or JSON)",
    }
    column_details_list = ("updated_at",)
    column_formatters_detail: ClassVar[dict[str, Any]] = {
        "updated_at": formatters.format_time,
    }
    form_columns = ("vars",)
    form_overrides: ClassVar[dict[str, Any]] = {"vars": VarsField}
    form_args: ClassVar[dict[str, Any]] = {
        "vars": {
            "description": "For every host, unless a group or the host overrides them.",
            "render_kw": {"data-kind": "mono", "rows": 16, "spellcheck": "false"},
        },
    }
    form_layout: ClassVar[Mapping[str, str]] = {"vars": "full"}

    # -- overrides -----------------------------------------------------------------

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        return redirect(self.get_url(".details_view", id=ONLY_ID))

    def is_visible(self) -> bool:
        return False

    def get_one(self, id: Any) -> Inventory:
        if parse_id(id) != ONLY_ID:
            raise NotFound("There is only one inventory. Its ID is 1.")
        return inventory_vars.get_inventory()

    def name_of(self, model: Any) -> str:
        return "all hosts"

    def way_back(self) -> WayBack:
        return find_way_back("Groups", self.get_url("groups.index_view"))

    def details_extra(self, model: Any) -> dict[str, Any]:
        return {
            "variables": details.own_variables(model.vars),
            "changes": details.shown_changes("inventory", ONLY_ID),
        }

    def change(self, id_: int, values: Mapping[str, Any], version: int) -> Inventory:
        return inventory_vars.change_inventory(values, version)
