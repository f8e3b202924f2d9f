"""Every act of the SDK, and how it is played on the stage. What the SDK has and this table lacks fails a test."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.resilience.crashes.inhabited import three_way
from tests.resilience.crashes.stage import Stage, new_passphrase, old_passphrase
from tests.server.deployments import URL
from vault.client import Vault, terms
from vault.client.acts import joining, recovering
from vault.client.device.session import Session
from vault.client.sdk.synchronous.engagements import Engagement


def _vault(_stage: Stage, vault: Vault) -> Any:
    return vault


def _nothing(_stage: Stage) -> None:
    """The stage as it is."""


@dataclass(frozen=True)
class Act:
    """What `who` does with what was prepared in the same open vault; `name` begins with class and method of the SDK."""

    name: str
    who: str
    do: Callable[[Any], object]
    prepare: Callable[[Stage, Vault], Any] = _vault
    before: Callable[[Stage], None] = _nothing
    """Done to the stage before the folder is opened."""
    passphrase_after: Callable[[], str] = old_passphrase
    goes_on: bool = False
    """Whether people are told to do it again after a stop; then that ends it."""
    accepts: bool = False
    """Whether coming back needs the person to accept that the server went back."""
    leaves_out: frozenset[str] = frozenset()
    """What is another where it is done again, and so compared with nothing."""

    @property
    def method(self) -> str:
        """The class and the method."""
        return self.name.partition(":")[0]


@dataclass(frozen=True)
class Arrival:
    """An act that makes a folder: as the command does it, in two steps, and as an application does, in one."""

    name: str
    who: str
    begin: Callable[[Stage], Session]
    finish: Callable[[Stage, Vault], object]
    at_once: Callable[[Stage], Vault]
    passphrase_after: Callable[[], str] = old_passphrase
    accepts = False
    leaves_out = frozenset[str]()

    @property
    def method(self) -> str:
        """The class and the method."""
        return self.name.partition(":")[0]


def _three(stage: Stage, vault: Vault) -> Engagement:
    return vault.engagements.get(stage.facts["three"])


def _two(stage: Stage, vault: Vault) -> Engagement:
    return vault.engagements.get(stage.facts["two"])


def _named(shelf: str, title: str) -> Callable[[Stage, Vault], Any]:
    def find(stage: Stage, vault: Vault) -> Any:
        return next(item for item in getattr(_three(stage, vault), shelf).list() if item.title == title)

    return find


def _disclosure(stage: Stage, vault: Vault) -> Any:
    return _three(stage, vault).disclosures()[1]


def _preview(stage: Stage, vault: Vault) -> Any:
    summary = _named("summaries", "Not shown")(stage, vault)
    return summary.preview(share_kind="progress", purpose="own_words")


def _forget(stage: Stage) -> None:
    stage.let_server_forget()


def _forget_and_accept(stage: Stage) -> None:
    stage.let_server_forget()
    with stage.unlock("lena") as lena:
        lena.accept_rollback(lena.rollback())


def _join(stage: Stage) -> Session:
    return joining.new_session(
        URL,
        stage.home("nora"),
        old_passphrase,
        enrolment=stage.facts["enrolment"],
        invitation=stage.facts["invitation of lena"],
        inviter="Lena",
        now=stage.deployment.clock,
        random=stage.dice(),
    )


def _finish_join(_stage: Stage, vault: Vault) -> None:
    vault._driver.run(joining.join(vault._session))


def _join_at_once(stage: Stage) -> Vault:
    return Vault.join(
        URL,
        stage.home("nora"),
        enrolment=stage.facts["enrolment"],
        passphrase=old_passphrase,
        invitation=stage.facts["invitation of lena"],
        inviter="Lena",
        transport=stage.transport,
        now=stage.deployment.clock,
        random=stage.dice(),
    )


def _finish_recovery(_stage: Stage, vault: Vault) -> None:
    vault._driver.run(recovering.recover(vault._session))


def _recovery(name: str, passphrase: Callable[[], str], code: str) -> Arrival:
    def codes(stage: Stage) -> tuple[str | None, str | None]:
        found = str(stage.facts[f"{code} of lena"])
        return (found, None) if code == "kit" else (None, found)

    def begin(stage: Stage) -> Session:
        kit, recovery_code = codes(stage)
        return recovering.recovering_session(
            URL,
            stage.home("lena-2"),
            passphrase=passphrase,
            kit=kit,
            recovery_code=recovery_code,
            now=stage.deployment.clock,
            random=stage.dice(),
        )

    def at_once(stage: Stage) -> Vault:
        kit, recovery_code = codes(stage)
        return Vault.recover(
            URL,
            stage.home("lena-2"),
            passphrase=passphrase,
            kit=kit,
            recovery_code=recovery_code,
            transport=stage.transport,
            now=stage.deployment.clock,
            random=stage.dice(),
        )

    return Arrival(name, "lena-2", begin, _finish_recovery, at_once, passphrase)


def _attach(stage: Stage, vault: Vault) -> Any:
    goal = _named("goals", "Speak up")(stage, vault)
    return lambda: goal.attach(stage.folder / "board.txt")


def _save(stage: Stage, vault: Vault) -> Any:
    action = _named("actions", "Board")(stage, vault)
    stage.out().mkdir(exist_ok=True)
    return lambda: action.save_attachment(None, stage.out() / "board.txt")


def _add_with_file(stage: Stage, vault: Vault) -> Any:
    three = _three(stage, vault)
    return lambda: three.drafts.add("Look", title="Look", attachments=[stage.folder / "board.txt"])


_OF_KEYS = frozenset({"generations", "entries"})
ACTS: tuple[Act | Arrival, ...] = (
    Arrival("Vault.join", "nora", _join, _finish_join, _join_at_once),
    _recovery("Vault.recover: with the kit", old_passphrase, "kit"),
    _recovery("Vault.recover: with the recovery code", new_passphrase, "recovery code"),
    Act("Vault.unlock", "lena", lambda _vault: None),
    Act("Vault.invite", "lena", lambda vault: vault.invite("Otto")),
    Act(
        "Vault.accept",
        "marek",
        lambda found: found[0].accept(found[1], "Sven"),
        lambda stage, vault: (vault, stage.facts["invitation of sven"]),
    ),
    Act(
        "Vault.propose",
        "lena",
        lambda vault: vault.propose(terms.two_way(coachee="Ombuds", words="A new beginning.")),
    ),
    Act("Vault.prepare", "lena", lambda vault: vault.prepare(terms.two_way(coachee="Ombuds"))),
    Act("Vault.search", "sven", lambda vault: vault.search("matter")),
    Act("Engagements.strangers", "marek", lambda vault: vault.engagements.strangers()),
    Act("Engagements.ignore", "marek", lambda vault: vault.engagements.ignore("0" * 32)),
    Act("Vault.inbox", "ana", lambda vault: vault.inbox()),
    Act("Vault.open", "ana", lambda found: found[0].open(found[1].id), lambda _, vault: (vault, vault.inbox()[1])),
    Act("Vault.send", "lena", lambda vault: vault.send()),
    Act("Vault.rollback", "lena", lambda vault: vault.rollback(), before=_forget, accepts=True),
    Act(
        "Vault.accept_rollback",
        "lena",
        lambda found: found[0].accept_rollback(found[1]),
        lambda _, vault: (vault, vault.rollback()),
        before=_forget,
        accepts=True,
    ),
    Act("Vault.send_again", "lena", lambda vault: vault.send_again(), before=_forget_and_accept, accepts=True),
    Act("Vault.rotate", "lena", lambda vault: vault.rotate(), goes_on=True, leaves_out=_OF_KEYS),
    Act(
        "Vault.change_passphrase",
        "lena",
        lambda vault: vault.change_passphrase(new_passphrase),
        passphrase_after=new_passphrase,
    ),
    Act("Vault.adopt_passphrase", "lena", lambda vault: vault.adopt_passphrase(old_passphrase)),
    Act("Vault.checkpoint", "lena", lambda vault: vault.checkpoint()),
    Act("Vault.store", "lena", lambda vault: vault.store(), lambda _, vault: vault.invite("Otto") and vault),
    Act("Vault.close", "lena", lambda _vault: None, lambda _, vault: vault.invite("Otto") and vault),
    Act("People.get", "lena", lambda vault: vault.people.get("Marek")),
    Act("People.__getitem__", "lena", lambda vault: vault.people["Ana"]),
    Act("People.list", "marek", lambda vault: vault.people.list()),
    Act(
        "People.add",
        "marek",
        lambda found: found[0].people.add("Sven", found[1]),
        lambda stage, vault: (vault, stage.facts["accounts"]["sven"]),
    ),
    Act("PersonHandle.confirm", "lena", lambda person: person.confirm(), lambda _, vault: vault.people.get("Marek")),
    Act("PersonHandle.rename", "lena", lambda person: person.rename("M."), lambda _, vault: vault.people.get("Marek")),
    Act("Engagements.get", "lena", lambda found: found[0].engagements.get(found[1]), lambda s, v: (v, s.facts["two"])),
    Act(
        "Engagements.__getitem__",
        "ana",
        lambda found: found[0].engagements[found[1]],
        lambda s, v: (v, s.facts["three"]),
    ),
    Act("Engagements.list", "lena", lambda vault: vault.engagements.list()),
    Act("Engagements.__iter__", "sven", lambda vault: list(vault.engagements)),
    Act("Engagements.only", "ana", lambda vault: vault.engagements.only()),
    Act("Engagement.reload", "lena", lambda three: three.reload(), _three),
    Act("Engagement.assent", "marek", lambda three: three.assent(), _three),
    Act("Engagement.words", "ana", lambda three: three.words(), _three),
    Act("Engagement.supersede", "lena", lambda three: three.supersede(three_way("We meet every month.")), _three),
    Act("Engagement.people", "ana", lambda three: three.people(), _three),
    Act("Engagement.terms", "marek", lambda three: three.terms(), _three),
    Act("Engagement.prepare", "lena", lambda three: three.prepare(three_way("We meet every month.")), _three),
    Act(
        "Engagement.retract",
        "lena",
        lambda proposed: proposed.retract(),
        lambda _, vault: vault.propose(terms.two_way(coachee="Ombuds")),
    ),
    Act("Engagement.close", "marek", lambda three: three.close(), _three),
    Act("Engagement.disclosures", "marek", lambda three: three.disclosures(), _three),
    Act(
        "Engagement.disclosure",
        "marek",
        lambda found: found[0].disclosure(found[1]),
        lambda s, v: (_three(s, v), _disclosure(s, v).id),
    ),
    Act("Engagement.inbox", "ana", lambda three: three.inbox(), _three),
    Act("Engagement.search", "marek", lambda three: three.search("speak up"), _three),
    Act("Engagement.journal", "lena", lambda three: three.journal(), _three),
    Act("Shelf.add", "lena", lambda three: three.notes.add("He spoke up.", title="Session 3"), _three),
    Act("Shelf.add: with a file", "lena", lambda add: add(), _add_with_file, goes_on=True),
    Act("Shelf.list", "sven", lambda two: two.notes.list(), _two),
    Act("Shelf.__iter__", "marek", lambda three: list(three.goals), _three),
    Act(
        "Shelf.get",
        "lena",
        lambda found: found[0].notes.get(found[1]),
        lambda s, v: (_three(s, v), _named("notes", "Session 1")(s, v).id),
    ),
    Act("Shelf.__getitem__", "lena", lambda three: three.notes[0], _three),
    Act("ItemHandle.edit", "marek", lambda goal: goal.edit("Speak up twice"), _named("goals", "Speak up")),
    Act("ItemHandle.attach", "lena", lambda attach: attach(), _attach, goes_on=True),
    Act("ItemHandle.save_attachment", "lena", lambda save: save(), _save, goes_on=True),
    Act("ItemHandle.read_version", "lena", lambda goal: goal.read_version(1), _named("goals", "Speak up")),
    Act("ItemHandle.reseal", "lena", lambda note: note.reseal(), _named("notes", "Session 1")),
    Act(
        "ItemHandle.seal_for_supervisor",
        "marek",
        lambda goal: goal.seal_for_supervisor(),
        lambda s, v: _two(s, v).notes[1],
    ),
    Act(
        "ItemHandle.preview",
        "marek",
        lambda item: item.preview(share_kind="progress", purpose="own_words", expires=timedelta(days=3)),
        _named("summaries", "Not shown"),
    ),
    Act("Preview.disclose", "marek", lambda preview: preview.disclose(), _preview),
    Act("DisclosureHandle.describe", "marek", lambda given: given.describe(), _disclosure),
    Act("DisclosureHandle.read_state", "marek", lambda given: given.read_state(), _disclosure),
    Act("DisclosureHandle.openings", "marek", lambda given: given.openings(), _disclosure),
    Act("DisclosureHandle.read", "marek", lambda given: given.read(), _disclosure),
    Act("DisclosureHandle.withdraw", "marek", lambda given: given.withdraw(), _disclosure),
    Act("ReceivedHandle.open", "ana", lambda received: received.open(), lambda _, vault: vault.inbox()[1]),
)

DO_NOTHING = {
    "Vault.__enter__": "gives the vault itself",
    "Vault.__exit__": "is Vault.close, which ends every act of this table",
}
