"""A machine that signs whatever it likes, and the promise that it must never break.

The promise: no sequence of valid statements in which the coachee signs no disclosure makes a seal of purpose 1 or 2 for
a sponsor or a contact exist. The machine starts in any state of the truth table and goes on with good statements, with
one that breaks a rule, and with wild ones; everything that policy accepts stays.
"""

import ast
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.policy.acts import BREAKERS, GOOD
from tests.policy.states import STATES
from tests.policy.worlds import NAMES, World
from tests.support.people import account, digest, short
from vault.errors import FormatError
from vault.policy import contracts, disclosures, items
from vault.policy.facts import ContractActivated, find_role
from vault.policy.replay import append
from vault.protocol.envelope import Statement
from vault.protocol.kinds import JOURNALED
from vault.protocol.limits import DAY_SECONDS
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Assent, Contract, Disclosure, Item, Keys, Reseal
from vault.protocol.vocabulary import (
    ClosureReason,
    ErasureReason,
    ItemKind,
    JournalKind,
    KeysReason,
    Origin,
    Role,
    ShareKind,
    StatementType,
)

POLICY = Path(items.__file__).parent
PEOPLE = tuple(name for name in NAMES if name != "deployment")
GUESTS = ("sponsor", "supervisor", "contact", "stranger")

people = st.sampled_from(PEOPLE)
coachee_or_others = st.one_of(st.just("coachee"), people)
sponsor_or_others = st.one_of(st.just("sponsor"), people)
guests = st.sampled_from(GUESTS)
kinds = st.sampled_from(list(ItemKind))
groups = st.sets(people, min_size=1, max_size=3).map(lambda names: tuple(sorted(names)))
likely_groups = st.one_of(
    st.just(("coach", "coachee")),
    groups,
    guests.map(lambda name: (name,)),
    guests.map(lambda name: ("coach", "coachee", name)),
)
some_guests = st.sets(guests, max_size=2).map(lambda names: tuple(sorted(names)))


class SealForAnOutsiderError(AssertionError):
    """A seal of purpose 1 or 2 for a sponsor or a contact exists, and the coachee disclosed nothing by it."""


class Machine(RuleBasedStateMachine):
    """Everybody's clients at once, the honest ones and the others."""

    accepted: ClassVar[Counter[tuple[StatementType, JournalKind]]] = Counter()
    refused: ClassVar[Counter[str]] = Counter()

    @initialize(state=st.sampled_from(sorted(STATES)))
    def begin(self, state: str) -> None:
        self.world: World = STATES[state]().world
        engagement = self.world.engagement
        self.outsiders: set[bytes] = set()
        self.sealed: list[tuple[str, bytes]] = []
        """Every (statement type, account) of a seal of purpose 1 or 2 that the coachee did not disclose."""
        for contract in engagement.contracts.values():
            if contract.activated_at is not None:
                self.remember(contract.body)
        for holders in engagement.seals.values():
            self.sealed += [("item", holder) for holder, _ in holders]

    def remember(self, contract: Contract) -> None:
        self.outsiders.update(party.account for party in contract.parties if party.role is Role.SPONSOR)
        self.outsiders.update(contact.account for contact in contract.contacts if contact.account is not None)

    def send(self, *statements: Statement, time: int | None = None, journal: Any = None) -> None:
        for statement in statements:
            place = journal or self.world.find_journal(statement)
            try:
                effects = append(place, statement, self.world.time if time is None else time)
            except Refused as refusal:
                self.refused[refusal.code] += 1
                continue
            except FormatError:
                self.refused["format"] += 1
                continue
            self.accepted[statement.body.TYPE, place.kind] += 1
            self.take(statement)
            for effect in effects:
                if isinstance(effect, ContractActivated):
                    self.remember(self.world.engagement.contracts[effect.statement].body)

    def take(self, statement: Statement) -> None:
        body = statement.body
        if isinstance(body, Keys):
            fact = next(keys for keys in self.world.keys.values() if keys.journal.subject == body.by).generations[-1]
            self.world.directory[fact.statement] = fact
        elif isinstance(body, Assent):
            name = next(name for name in NAMES if account(name) == body.by)
            self.world.acting[name] = self.world.directory[body.keys].generation
        elif isinstance(body, Item | Reseal):
            self.sealed += [(body.type.value, seal.account) for seal in body.seals]
        elif isinstance(body, Disclosure):
            standing = self.world.engagement.find_active_contract()
            if standing is None or find_role(standing.body, body.by) is not Role.COACHEE:
                self.sealed += [(body.type.value, seal.account) for seal in body.seals]

    def choose(self, listed: list[bytes], number: int, otherwise: bytes) -> bytes:
        return listed[number % len(listed)] if listed else otherwise

    @invariant()
    def no_content_is_sealed_to_a_sponsor_or_a_contact_but_by_the_coachees_disclosure(self) -> None:
        if any(holder in self.outsiders for _, holder in getattr(self, "sealed", ())):
            raise SealForAnOutsiderError

    # One rule broken, or none

    @rule(names=st.lists(st.sampled_from(sorted(GOOD)), min_size=3, max_size=6, unique=True))
    def do_good(self, names: list[str]) -> None:
        for name in names:
            self.send(GOOD[name](self.world))

    @rule(codes=st.lists(st.sampled_from(sorted(BREAKERS)), min_size=4, max_size=8, unique=True))
    def break_rules(self, codes: list[str]) -> None:
        for code in codes:
            early = 0 if code == "clock-skew" else None
            place = self.world.keyrings["coach"] if code == "not-signer" else None
            self.send(*BREAKERS[code](self.world), time=early, journal=place)

    @rule(days=st.sampled_from((1, 7, 31, 91)))
    def let_time_pass(self, days: int) -> None:
        self.world.time += days * DAY_SECONDS

    @rule(name=people, reason=st.sampled_from(list(KeysReason)), old=st.booleans())
    def rotate(self, name: str, reason: KeysReason, old: bool) -> None:
        newest = len(self.world.keys[name].generations)
        number = newest if reason is KeysReason.RETIRE else newest + 1
        signers = (1,) if old else None
        self.send(self.world.write_keys(name, reason, sign_generation=number, seal_generation=number, signers=signers))

    @rule(name=people, generation=st.sampled_from((None, 1)))
    def keep_keyring(self, name: str, generation: int | None) -> None:
        self.send(self.world.write_keyring(name, generation))

    @rule(name=people, number=st.integers(0, 3), newest=st.booleans())
    def assent(self, name: str, number: int, newest: bool) -> None:
        contract = self.choose(list(self.world.engagement.contracts), number, digest("no contract"))
        if newest:
            before, self.world.acting[name] = self.world.acting[name], len(self.world.keys[name].generations)
            statement = self.world.write_assent(name, contract)
            self.world.acting[name] = before
        else:
            statement = self.world.write_assent(name, contract)
        self.send(statement)

    @rule(name=people, kind=kinds, sealed=likely_groups)
    def write_item(self, name: str, kind: ItemKind, sealed: tuple[str, ...]) -> None:
        self.send(self.world.write_item(name, kind, sealed=sealed))

    @rule(name=people, number=st.integers(0, 9), sealed=likely_groups)
    def write_version(self, name: str, number: int, sealed: tuple[str, ...]) -> None:
        item = self.choose(list(self.world.engagement.versions), number, short("no item"))
        self.send(self.world.write_next(name, item, sealed=sealed))

    @rule(
        name=coachee_or_others,
        number=st.integers(0, 9),
        sealed=st.one_of(guests.map(lambda name: (name,)), likely_groups),
    )
    def reseal(self, name: str, number: int, sealed: tuple[str, ...]) -> None:
        item = self.choose(list(self.world.engagement.versions), number, short("no item"))
        self.send(self.world.write_reseal(name, item, sealed))

    @rule(
        name=coachee_or_others,
        recipient=sponsor_or_others,
        share_kind=st.sampled_from((ShareKind.ATTENDANCE, ShareKind.GOALS)),
    )
    def disclose(self, name: str, recipient: str, share_kind: ShareKind) -> None:
        self.send(self.world.write_disclosure(name, recipient, share_kind=share_kind))

    @rule(name=sponsor_or_others, number=st.integers(0, 3))
    def open_or_withdraw(self, name: str, number: int) -> None:
        listed = [*self.world.engagement.disclosures, *self.world.escalations.escalations]
        of = self.choose(listed, number, digest("nothing"))
        self.send(self.world.write_opening(name, of))
        if number == 3:
            self.send(self.world.write_withdrawal("coachee", of))

    @rule(times=st.integers(1, 3))
    def request(self, times: int) -> None:
        for _ in range(times):
            self.send(self.world.write_request())

    @rule(
        name=people,
        sealed=st.sampled_from((("coach", "contact"), ("coach", "coachee", "contact"), ("coach", "sponsor"))),
    )
    def escalate(self, name: str, sealed: tuple[str, ...]) -> None:
        self.send(self.world.write_escalation(name, sealed=sealed))

    @rule(name=people, reason=st.sampled_from(list(ClosureReason)))
    def close(self, name: str, reason: ClosureReason) -> None:
        self.send(self.world.write_closure(name, reason=reason))

    @rule(name=st.sampled_from(("coachee", "coach", "deployment")), number=st.integers(0, 9))
    def erase(self, name: str, number: int) -> None:
        item = self.choose(list(self.world.engagement.versions), number, short("no item"))
        reason = ErasureReason.RETENTION if name == "deployment" else ErasureReason.ASKED
        self.send(self.world.write_erasure(name, item, reason=reason))

    # Contracts of any making, and who assents to them

    @rule(
        sponsor=st.one_of(st.none(), st.just("sponsor"), guests),
        supervisor=st.one_of(st.none(), guests),
        contacts=some_guests,
        origin=st.sampled_from((Origin.INVITED, Origin.MANDATED)),
        assenting=st.booleans(),
    )
    def agree(
        self, sponsor: str | None, supervisor: str | None, contacts: tuple[str, ...], origin: Origin, assenting: bool
    ) -> None:
        roles = {"coach": Role.COACH, "coachee": Role.COACHEE}
        roles |= {name: role for name, role in ((supervisor, Role.SUPERVISOR), (sponsor, Role.SPONSOR)) if name}
        contract = self.world.write_contract(
            "coachee", roles=roles, contacts=contacts, origin=origin, share_kinds=(ShareKind.ATTENDANCE,)
        )
        self.send(contract)
        if assenting and contract.id in self.world.engagement.contracts:
            for name in ("coach", "coachee", sponsor):
                if name is not None:
                    self.send(self.world.write_assent(name, contract.id))

    @rule(supervisor=guests, contacts=some_guests, sponsor=st.sampled_from((None, "sponsor")))
    def show_all_to_a_supervisor(self, supervisor: str, contacts: tuple[str, ...], sponsor: str | None) -> None:
        self.agree(sponsor, supervisor, contacts, Origin.INVITED, True)
        for item in tuple(self.world.engagement.versions):
            self.send(self.world.write_reseal("coachee", item, (supervisor,)))


def run(examples: int, steps: int = 30) -> None:
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=True,
            database=None,
            deadline=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )


def list_codes() -> set[Code]:
    """Every code that stands in a `Refused(...)` of policy's source."""
    found: set[Code] = set()
    for path in POLICY.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused":
                named = (leaf for leaf in ast.walk(node.args[0]) if isinstance(leaf, ast.Attribute))
                found |= {Code[leaf.attr] for leaf in named}
    return found


@pytest.mark.slow
def test_the_promise_holds_in_runs_that_accept_every_type_and_raise_every_code() -> None:
    Machine.accepted.clear()
    Machine.refused.clear()
    run(200)
    types = {word for word, _ in Machine.accepted}
    assert types == set(JOURNALED)
    assert {kind for _, kind in Machine.accepted} == set(JournalKind) - {JournalKind.DEPLOYMENT}
    assert (StatementType.OPENING, JournalKind.ESCALATIONS) in Machine.accepted
    assert list_codes() - Machine.refused.keys() == set()
    assert list_codes() == BREAKERS.keys(), "a code of policy has no breaker, or a breaker no code"


def _allow(*arguments: object) -> Role:
    """Stands in for a guard and says yes."""
    return Role.COACHEE


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "guard"),
    [
        pytest.param(disclosures, "require_role", id="rule 6: only the coachee discloses"),
        pytest.param(items, "_require_readers", id="rule 4: an item is sealed to its readers"),
        pytest.param(items, "_require_adds", id="rule 5: a reseal is for readers"),
        pytest.param(contracts, "_require_no_other_side", id="rule 2: nobody changes sides"),
    ],
)
def test_without_one_guard_the_machine_finds_how_the_promise_breaks(
    monkeypatch: pytest.MonkeyPatch, module: object, guard: str
) -> None:
    monkeypatch.setattr(module, guard, _allow)
    with pytest.raises(SealForAnOutsiderError):
        run(400)
