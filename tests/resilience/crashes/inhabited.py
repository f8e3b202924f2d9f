"""The people of the stage: they know each other, have worked, shared and taken back, and have something waiting."""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from tests.resilience.crashes.stage import Stage, new_stage, old_passphrase
from tests.server.deployments import URL
from vault.client import Unreachable, Vault, terms
from vault.client.acts.terms import Terms

PEOPLE = ("lena", "marek", "ana", "ombuds", "sven")
FILE_TEXT = "What we drew on the board.\n" * 40
KEPT = "Kept until somebody answers"


def three_way(words: str) -> Terms:
    """Terms with Ana as the sponsor."""
    return terms.three_way(
        coachee="Marek",
        sponsor="Ana",
        contact=("Ombuds", "ombuds", "independent"),
        share_kinds={"progress"},
        retention=timedelta(days=365),
        words=words,
    )


def settle_in(folder: Path) -> str:
    """Make the stage in the empty `folder`; the key of its app."""
    with new_stage(folder, "settling in") as stage:
        vaults = _join_all(stage)
        _work(stage, vaults)
        for vault in vaults.values():
            vault.close()
        stage.keep_backup()
        _go_on(stage)
        stage.write_facts()
        return stage.deployment.app_key


def _join_all(stage: Stage) -> dict[str, Vault]:
    lena = _join(stage, "lena")
    codes = {name: lena.invite(name.capitalize()) for name in PEOPLE[1:]}
    vaults = {"lena": lena} | {name: _join(stage, name, code) for name, code in codes.items()}
    stage.facts["kit of lena"], stage.facts["recovery code of lena"] = lena.kit, lena.recovery_code
    stage.facts["accounts"] = {name: vault.account for name, vault in vaults.items()}
    return vaults


def _join(stage: Stage, name: str, invitation: str | None = None) -> Vault:
    return Vault.join(
        URL,
        stage.home(name),
        enrolment=stage.deployment.enrolment(),
        passphrase=old_passphrase,
        invitation=invitation,
        inviter=None if invitation is None else "Lena",
        transport=stage.transport,
        now=stage.deployment.clock,
        random=stage.dice(),
    )


def _work(stage: Stage, vaults: dict[str, Vault]) -> None:
    lena, marek, ana, sven = (vaults[name] for name in ("lena", "marek", "ana", "sven"))
    three = lena.propose(three_way("We meet every second week."))
    at_mareks = marek.engagements.get(three.id)
    at_mareks.assent()
    ana.engagements.get(three.id).assent()
    three.reload()
    stage.facts["three"] = three.id
    two = lena.propose(terms.two_way(coachee="Marek", supervisor="Sven", words="As it comes."))
    marek.engagements.get(two.id).assent()
    sven.engagements.get(two.id).assent()
    two.reload()
    stage.facts["two"] = two.id
    three.notes.add("He wants to speak up.", title="Session 1")
    three.notes.add("For me alone.", title="Mine", kind="private")
    three.goals.add("Speak up", title="Speak up")
    two.notes.add("Another matter.", title="Aside")
    two.notes.add("A third matter.", title="For both alone")
    file = stage.folder / "board.txt"
    file.write_text(FILE_TEXT, encoding="utf-8")
    three.actions.add("Look at the board", title="Board", attachments=[file])
    marek.engagements.get(two.id).notes[0].seal_for_supervisor()
    for title in ("Where I stand", "What changed"):
        summary = at_mareks.summaries.add(f"{title}: further than before.", title=title)
        summary.preview(share_kind="progress", purpose="own_words").disclose()
    at_mareks.summaries.add("Not shown to anybody yet.", title="Not shown")
    ana.inbox()[0].open()


def _go_on(stage: Stage) -> None:
    """What came after the backup: new keys, open invitations, terms that wait for a yes, and what could not be sent."""
    with stage.unlock("marek") as marek:
        marek.people.get("Lena").confirm()
        marek.rotate()
    with stage.unlock("sven") as sven:
        stage.facts["invitation of sven"] = sven.invite("Marek")
    with stage.unlock("lena") as lena:
        three = lena.engagements.get(stage.facts["three"])
        stage.facts["invitation of lena"] = lena.invite("Nora")
        lena.people.get("Ana").confirm()
        three.notes.add("After the backup.", title="Session 2")
        three.supersede(three_way("We meet every week."))
    stage.facts["enrolment"] = stage.deployment.enrolment(lasts_seconds=86_400)
    for who, engagement in (("lena", "three"), ("marek", "two")):
        with stage.unlock(who) as vault:
            at_work = vault.engagements.get(stage.facts[engagement])
            stage.transport.away = True
            with suppress(Unreachable):
                at_work.goals.add(KEPT, title=KEPT)
            vault.invite("Paula")  # so that a keyring waits too
        stage.transport.away = False
