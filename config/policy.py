"""[policy]: who may use the routes that do not say so themselves."""

from config.allow import Allowed
from config.table import Table, key


class Policy(Table):
    """Who may use the routes that do not say so themselves."""

    allow: Allowed = key(
        "`allow` of the routes that have none of their own.",
        default=None,
    )
