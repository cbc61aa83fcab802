"""Clusters of the tests' own, and an app on each of their nodes."""

import pytest

from ..helpers.apps import CLUSTER, apps_on_nodes, is_chosen, started


@pytest.fixture(scope="session")
def galera():
    if not is_chosen(CLUSTER):
        pytest.skip(f"HOSTADMIN_TEST_DATABASES leaves {CLUSTER} out")
    return started(CLUSTER)


@pytest.fixture(scope="module")
def node_apps(galera):
    """One app for each node, all on the same database."""
    with apps_on_nodes(galera, "nodes") as apps:
        yield apps
