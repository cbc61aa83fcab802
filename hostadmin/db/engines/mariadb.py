"""MariaDB, where it is not MySQL: the time limit of statements."""

from .mysql import MySQL


class MariaDB(MySQL):
    name = "mariadb"
    schemes = ("mariadb",)
    oldest = (10, 6)

    def time_limit_statements(self, milliseconds: int) -> tuple[str, str]:
        return (
            "SET @time_limit_before = @@SESSION.max_statement_time, "
            f"SESSION max_statement_time = {milliseconds / 1000:.3f}",
            "SET SESSION max_statement_time = @time_limit_before",
        )
