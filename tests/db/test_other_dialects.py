"""The schema and its queries for engines that are not run here."""

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.schema import CreateIndex, CreateTable

from hostadmin.db.session import Base
from hostadmin.inventory import list_hosts
from hostadmin.query.fields import SORTABLE
from hostadmin.query.url_filters import parse_filters
from hostadmin.stats import counts

ELSEWHERE = {"oracle": "oracle+oracledb://", "mysql": "mysql+pymysql://"}
# What a name may be long: MySQL 64, Oracle 128, PostgreSQL 63 bytes.
LONGEST_NAME = 63
# InnoDB: 3,072 bytes an index, and four bytes a character of utf8mb4.
LONGEST_KEY = 3072


@pytest.fixture(params=list(ELSEWHERE))
def dialect(request):
    return sa.create_mock_engine(ELSEWHERE[request.param], lambda *_: None).dialect


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=str)
def test_the_tables_can_be_made_elsewhere(dialect, table):
    sql = str(CreateTable(table).compile(dialect=dialect))

    assert sql.strip().startswith(f"CREATE TABLE {table.name} (")
    for index in table.indexes:
        assert str(CreateIndex(index).compile(dialect=dialect))
    if dialect.name == "mysql":
        assert "ENGINE=InnoDB" in sql
        assert "COLLATE utf8mb4_bin" in sql


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=str)
def test_names_and_keys_are_short_enough_for_every_engine(table):
    named = [*table.constraints, *table.indexes, *table.columns, table]
    for item in named:
        assert len(item.name) <= LONGEST_NAME
    everywhere = [index for index in table.indexes if index._ddl_if is None]
    for item in (*table.constraints, *everywhere):
        lengths = [4 * getattr(column.type, "length", None) for column in item.columns
                   if getattr(column.type, "length", None)]  # fmt: skip
        assert sum(lengths) <= LONGEST_KEY, item.name


FILTERS = [
    ("flt_hostname_contains", "100%_a\\b"),
    ("flt_hostname_starts_with", "web"),
    ("flt_alias_equals", "www"),
    ("flt_ip_in_network", "10.0.0.0/8"),
    ("flt_ip_between", "10.0.0.1 to 10.0.0.9"),
    ("flt_status_not_equal", "offline"),
    ("flt_env_in_list", "prod,dev"),
    ("flt_env_not_in_list", "prod,dev"),
    ("flt_owner_empty", "1"),
    ("flt_port_greater_than", "1024"),
    ("flt_group_equals", "web"),
    ("flt_group_not_equal", "web"),
    ("flt_updated_greater_than", "-7d"),
    ("flt_var.rack_equals", "7"),
    ("flt_notes_contains", "Bob"),
]


@pytest.fixture
def sent(session):
    """Collect the statements that are sent, as objects; only SQLite is asked."""
    found = []

    def note(_connection, statement, *_):
        found.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_execute", note)
    yield found
    event.remove(engine, "before_execute", note)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_lists_and_counts_compile_elsewhere(
    session, sent, dialect, make_host, make_group
):
    make_group(name="web")
    make_group(name="eu", children=["web"])
    for number in range(3):
        make_host(groups=["web"], ip_addr=f"10.0.0.{number}", vars={"rack": "7"})
    session.rollback()
    sent.clear()

    for name in SORTABLE:
        for sort in (name, f"-{name}"):
            first = list_hosts.list_hosts(session(), sort=sort, size=1)
            second = list_hosts.list_hosts(
                session(), sort=sort, size=1, cursor=first.next_cursor
            )
            list_hosts.list_hosts(
                session(), sort=sort, size=1, cursor=second.previous_cursor
            )
    for item in FILTERS:
        node = parse_filters([item])
        list_hosts.list_hosts(session(), node)
        counts.count_by_many(session(), node, ["env"])
    for by in (*counts.groupable_names(), "network/24", "created:month", "var.rack"):
        if "<" not in by:
            counts.count_by_many(session(), by=[by])
    counts.count_by_many(session(), by=("env", "group"))
    list(list_hosts.iter_hosts(session()))

    assert len(sent) > 100
    for statement in sent:
        if isinstance(statement, sa.sql.expression.ClauseElement):
            assert str(statement.compile(dialect=dialect))
