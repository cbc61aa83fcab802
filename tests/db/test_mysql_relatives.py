"""Servers that speak as MySQL does: what is told of them without having one."""

import pymysql
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateTable

from hostadmin.db.engines import engine_of
from hostadmin.db.engines.mysql_relatives import (
    IS_OCEANBASE,
    Compiler,
    as_mysql_would,
    limits_text,
)
from hostadmin.db.failures import Trouble, trouble
from hostadmin.db.session import Base, ExactJSON

# As seekdb 1.4 writes it.
SEEKDB = """CREATE TABLE `host_addresses` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `host_id` int(11) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_host_addresses_host_id` (`host_id`) BLOCK_SIZE 16384 LOCAL,
  CONSTRAINT `fk_a` FOREIGN KEY (`host_id`) REFERENCES `x`.`hosts`(`id`) ON UPDATE \
RESTRICT ON DELETE CASCADE ,
  CONSTRAINT `fk_b` FOREIGN KEY (`host_id`) REFERENCES `x`.`hosts`(`id`) ON UPDATE \
RESTRICT ON DELETE RESTRICT
) ORGANIZATION INDEX AUTO_INCREMENT = 12 DEFAULT CHARSET = utf8mb4"""


@pytest.mark.parametrize("is_mariadb", [False, True])
def test_json_is_text_on_every_server_of_this_kind(is_mariadb):
    """As JSON, MySQL would turn long integers into floats and forget the order."""
    dialect = mysql.dialect()
    dialect.is_mariadb = is_mariadb
    for table in Base.metadata.sorted_tables:
        made = str(CreateTable(table).compile(dialect=dialect))
        assert " JSON" not in made
        count = sum(isinstance(column.type, ExactJSON) for column in table.columns)
        assert made.count(" LONGTEXT") == count
        # A plain one would be that of the server.
        assert not any(type(column.type) is sa.JSON for column in table.columns)


def test_keys_are_read_from_definitions_with_more_words():
    dialect = mysql.dialect()
    state = dialect._tabledef_parser.parse(as_mysql_would(SEEKDB), "utf8mb4")
    assert [key["name"] for key in state.keys] == [None, "uq_host_addresses_host_id"]
    assert [(k["name"], k["table"], k["onupdate"]) for k in state.fk_constraints] == [
        ("fk_a", ["hosts"], None),
        ("fk_b", ["hosts"], None),
    ]
    assert [k["ondelete"] for k in state.fk_constraints] == ["CASCADE", None]


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        *((number, Trouble.SLOW) for number in (1969, 3024, 4012)),
        *((number, Trouble.LOCKED) for number in (1205, 1213)),
        *((number, Trouble.FULL) for number in (1021, 1114, 4184)),
    ],
)
def test_errors_are_told_by_their_numbers(number, wanted):
    error = OperationalError("SELECT", {}, pymysql.err.OperationalError(number, "x"))
    assert trouble(error) is wanted


def test_oceanbase_has_limits_of_its_own():
    dialect = mysql.dialect()
    setattr(dialect, IS_OCEANBASE, True)
    engine = engine_of(dialect)
    assert engine.name == "oceanbase"
    assert 4012 in engine.stopped_codes
    begin, end = engine.time_limit_statements(500)
    assert "ob_query_timeout = 500000" in begin
    assert "@time_limit_before" in end
    assert engine.analyze_statements == ("ANALYZE TABLE {}",)


def test_a_lock_of_oceanbase_is_not_waited_for_as_long_as_a_statement_may_take():
    """It does not find out that two wait for each other: both would wait for ever."""
    assert "ob_trx_lock_timeout = 4000000" in limits_text((4.5, 4))
    assert "ob_query_timeout = 4500000" in limits_text((4.5, 4))
    assert "ob_trx_lock_timeout = 50000000" in limits_text(None)


def test_an_offset_of_oceanbase_can_be_added_to_the_limit():
    dialect = mysql.dialect()
    dialect.statement_compiler = Compiler
    rows = sa.select(sa.column("x")).offset(19)
    written = str(rows.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    assert written.endswith(f"LIMIT 19, {2**62}")
