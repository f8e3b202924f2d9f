"""A contract that is ready to be signed, to be shown first."""

from vault.client.acts.acquaintance import Acquaintance, list_acquaintances
from vault.client.acts.proposing import Prepared, proposed_body, proposed_text
from vault.client.device.session import Session
from vault.client.network.transport import AsyncDriver


class AsyncProposal:
    """Terms with the people they name. What is shown here is what `propose` or `supersede` signs."""

    def __init__(self, session: Session, prepared: Prepared, people: tuple[Acquaintance, ...]) -> None:
        """Made by `prepare` of a vault or an engagement."""
        self.prepared, self.people = prepared, people
        self.text = proposed_text(session, prepared)

    @property
    def engagement(self) -> str:
        """The engagement, 32 hex digits."""
        return self.prepared.engagement.hex()

    @property
    def words(self) -> str:
        """What is written beside the terms, for the parties' eyes."""
        return self.prepared.terms.words


async def show_prepared(session: Session, driver: AsyncDriver, prepared: Prepared) -> AsyncProposal:
    """The proposal in plain words, and who its people are to this person. Raises: VerificationError; Unreachable."""
    people = await driver.run(list_acquaintances(session, proposed_body(session, prepared)))
    return AsyncProposal(session, prepared, people)
