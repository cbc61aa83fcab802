"""How much one page, command or file may take; tests set smaller numbers."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(slots=True)
class Limits:
    # Rows that are counted exactly; beyond it says "10,000+".
    counted_rows: int = 10_000
    # Seconds: what has no index may be slow to count, and slower to find if rare.
    count_seconds: float = 1.0
    # Hosts that are read at a time where all of them are wanted, and for a file.
    list_batch: int = 1_000
    export_batch: int = 1_500
    # More columns nobody looks at, and few programs read.
    export_variables: int = 1_000
    # Of so many hosts it is kept in memory who is in which group. Of more, the members
    # of each group are read when they are asked for.
    export_hosts_in_memory: int = 50_000
    # Up to so many ids are written into a statement rather than looked up by it.
    statement_ids: int = 500
    # And so many where looking them up reads the whole table.
    looked_up_ids: int = 100_000
    # Of more values of a column, or pairs of two columns, no counts are kept: pages
    # would read them all.
    kept_values: int = 5_000
    kept_pairs: int = 20_000
    # About so many rows of kept counts come together between two foldings.
    fold_rows: int = 2_000
    # Change sets that one page of a search looks at.
    history_window: int = 10_000

    # Different names, and characters around them, that are looked up at once.
    pasted_names: int = 150_000
    pasted_characters: int = 6_000_000
    # Hosts that are added by their names alone; for more there are files.
    pasted_new_hosts: int = 10_000
    # Up to so many characters a query names its hosts, beyond it a set of them: people
    # can still read that, and any proxy takes it in an address.
    named_hosts_query: int = 1_000
    # How long a set of hosts is kept that no saved view names.
    set_age: timedelta = timedelta(days=30)
    # Sets of one account, and hosts in all of them.
    account_sets: int = 50
    account_set_hosts: int = 500_000
    # Failed log-ins of one account, or of unknown names, that the history keeps.
    failures_an_hour: int = 10
    # More tokens of one person nobody looks after.
    account_tokens: int = 20
    # Answers to one token that are kept in case that the same is asked twice.
    kept_answers: int = 10_000
    kept_answer_age: timedelta = timedelta(hours=24)
    # Of one owner: a menu that nobody can read any more helps nobody.
    saved_views: int = 200

    # Values that a table of counts shows: more would be no page.
    count_rows: int = 1_000
    # Of a file about two things; with all columns, so many rows are 200,000 numbers.
    count_file_rows: int = 10_000
    # Combinations that are read at once; with more, the margins are counted first.
    count_cells: int = 20_000
    # A file or an answer of a command holds no more.
    count_values: int = 100_000
    # Of more hosts, the overview shows at once only what numbers are kept for.
    overview_hosts: int = 5_000
    # Seconds that a page with many numbers spends on counting.
    count_page_seconds: float = 4.0

    # Beside a list, facets that no numbers are kept for are counted of so many hosts at
    # most, without a query and with one. Of more, a script asks for them afterwards.
    facet_hosts: int = 5_000
    filtered_facet_hosts: int = 2_000
    # Seconds for these, and for those that are asked for.
    facet_seconds: float = 0.05
    more_facets_seconds: float = 0.5
    # Values on the page of one facet.
    facet_values: int = 200
    # With more groups, to prepare the counting by group takes too long.
    facet_groups: int = 1_000
    # Seconds to find what completes a query.
    completion_seconds: float = 0.05

    # Seconds: how often a long job says that it lives, after how much silence it is
    # lost, and how long a page waits for its end.
    job_beat: float = 1.0
    job_lease: float = 20.0
    job_wait: float = 2.0
    # How long an uploaded file is kept, and into which pieces it is cut.
    upload_age: timedelta = timedelta(days=1)
    upload_piece: int = 512 * 1024
    # Rows of a plan on one page.
    plan_rows: int = 25

    # So many environments have numbers of their own; the smaller ones share one.
    metrics_environments: int = 50
    # Rows that a backup or a copy reads and writes at a time.
    backup_batch: int = 5_000
    # After so many entries in one transaction, the engine looks at its tables anew.
    analyzed_entries: int = 10_000


limits = Limits()
