"""The error for a database that acknowledges a commit before it is durable."""

from vault.protocol.problems import Code, Refused

RETRY_AFTER_SECONDS = 2


class NotDurable(Refused):
    """The database does not keep what it acknowledges; the message says which setting to change."""

    def __init__(self, finding: str) -> None:
        """`finding` names the setting, the value found and the value needed."""
        super().__init__(Code.STORAGE_AWAY, retry_after_seconds=RETRY_AFTER_SECONDS)
        self.finding = finding
        self.args = (f"the database would lose acknowledged statements: {finding}",)
