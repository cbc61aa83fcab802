"""OceanBase and seekdb, where they are not MySQL; see ``mysql_relatives``.

- What a table numbers next stands in its definition only.
- ANALYZE knows no word for sparing replicas.
- What seekdb logs of a transaction before the commit keeps its locks for ever after a
  restart; docs/configuration.md says how to have nothing logged.
"""

import re

import sqlalchemy as sa

from .mysql import MySQL
from .mysql_relatives import LIMIT

_NEXT = re.compile(r"^\).* AUTO_INCREMENT = (\d+) ", re.MULTILINE)


class OceanBase(MySQL):
    name = "oceanbase"
    schemes = ()
    analyze_statements = ("ANALYZE TABLE {}",)

    def time_limit_statements(self, milliseconds: int) -> tuple[str, str]:
        return (
            f"SET @time_limit_before = @@SESSION.{LIMIT}, "
            f"SESSION {LIMIT} = {milliseconds * 1000}",
            f"SET SESSION {LIMIT} = @time_limit_before",
        )

    def last_id(self, connection: sa.Connection, table: str, key: str) -> int | None:
        name = connection.dialect.identifier_preparer.quote(table)
        made = connection.exec_driver_sql(f"SHOW CREATE TABLE {name}").one()[1]
        found = _NEXT.search(made)
        return int(found[1]) - 1 if found else None
