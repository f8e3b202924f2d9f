"""Open the folder again after a stop, and say what is wrong with it: nothing, where it is the old or the new state."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import select

from tests.resilience.crashes.acts import Act, Arrival
from tests.resilience.crashes.playing import LEFT_NAME, playing_seed
from tests.resilience.crashes.seeing import Seen, see_device, see_engagements, see_keyring, tell_differences
from tests.resilience.crashes.stage import Server, Stage, new_passphrase, old_passphrase
from tests.server.deployments import URL
from vault.client import Vault
from vault.client.acts import joining
from vault.client.device.session import Session
from vault.errors import VaultError
from vault.protocol.envelope import Statement
from vault.protocol.statements import Keyring
from vault.protocol.submission import Submission
from vault.protocol.vocabulary import SLOT_PASSPHRASE_KIT, SLOT_RECOVERY_CODE
from vault.server.storage.tables import introductions, statements

_LASTING = {"vault.json", "kit", "lock"}
_FOLDERS = {"journals", "sent", "attachments"}


def judge(
    server: Server, folder: Path, act: Act | Arrival, old: Seen | None = None, new: Seen | None = None
) -> tuple[list[str], Seen]:
    """What is wrong with the state in which the act left the stage, and what is seen once all has settled.

    Without `old` and `new` the act was not stopped, and nothing is compared.
    """
    with server.staged(folder, f"judging {act.name}") as stage:
        judgement = _Judgement(stage, act)
        try:
            seen: Seen = json.loads(json.dumps(judgement.settle(new)))
        except VaultError as error:
            return [*judgement.problems, f"it does not go on: {type(error).__name__}: {error}"], {}
        if old is not None and new is not None:
            judgement.problems += tell_differences(*(_leave_out(each, act.leaves_out) for each in (seen, old, new)))
        return judgement.problems, seen


def _leave_out(seen: Seen, names: frozenset[str]) -> Seen:
    return {name: value for name, value in seen.items() if name not in names}


class _Judgement:
    def __init__(self, stage: Stage, act: Act | Arrival) -> None:
        self.stage, self.act, self.problems = stage, act, list[str]()
        self.home = stage.home(act.who)

    def settle(self, new: Seen | None) -> Seen:
        """What is seen after the folder was opened again and everything that waits was sent."""
        passphrase = self._find_passphrase()
        if passphrase is None:
            return self._begin_again()
        self._look_for_secrets(passphrase)
        self._look_for_lost(passphrase)
        with self.stage.unlock(self.act.who, passphrase) as vault:
            if self.act.accepts and (found := vault.rollback()).is_one:
                vault.accept_rollback(found)
            vault.send()
            if self.act.accepts:
                vault.send_again()
            if new is not None and isinstance(self.act, Act) and self.act.goes_on and not self._is(vault, new):
                self.act.do(self.act.prepare(self.stage, vault))
        return self._see(passphrase)

    def _is(self, vault: Vault, new: Seen) -> bool:
        """Whether what is seen of the engagements is all there already."""
        seen = see_engagements(vault) | self._see_files()
        return all(seen[name] == new[name] for name in seen if name != "entries")

    def _see_files(self) -> Seen:
        """What the person has got out of the vault."""
        folder = self.stage.out()
        return {"files": sorted(path.name for path in folder.iterdir()) if folder.exists() else []}

    def _find_passphrase(self) -> Callable[[], str] | None:
        """The passphrase that opens the folder; None where nobody lives there."""
        if isinstance(self.act, Arrival) and not (self.home / "vault.json").exists():
            return None
        opening, errors = [], []
        for each in (old_passphrase, new_passphrase):
            try:
                self._open(each).home.close()
            except VaultError as error:
                errors.append(error)
            else:
                opening.append(each)
        if len(opening) != 1:
            raise errors[0] if errors else VaultError("expected one passphrase to open the folder, and both do")
        return opening[0]

    def _open(self, passphrase: Callable[[], str]) -> Session:
        return self.stage.open_session(self.act.who, passphrase)

    def _begin_again(self) -> Seen:
        """Nobody lives in the folder yet: the person does the same once more, and it is done."""
        if not isinstance(self.act, Arrival):
            raise TypeError("expected an arrival")
        self.stage.begin_anew(playing_seed(self.act))  # the very identity that would have come of it
        with self.act.at_once(self.stage):
            pass
        return self._see(self.act.passphrase_after)

    def _see(self, passphrase: Callable[[], str]) -> Seen:
        with self.stage.unlock(self.act.who, passphrase) as vault:
            seen = see_engagements(vault)
        session = self._open(passphrase)
        seen |= see_device(session) | self._see_files() | {"passphrase": passphrase()}
        keyring, slots = see_keyring(session), set(session.identity.slots)
        kit = joining.kit_text(session)
        session.home.close()
        self._look_at_files()
        if slots != {SLOT_PASSPHRASE_KIT, SLOT_RECOVERY_CODE}:
            self.problems.append("a way back in is missing")
        back = self._come_back(passphrase, kit)
        if back != keyring:
            odd = sorted(member for member in keyring if keyring[member] != back[member])
            self.problems.append(f"a new device has not the same: {', '.join(odd)}")
        return seen

    def _come_back(self, passphrase: Callable[[], str], kit: str) -> Seen:
        vault = Vault.recover(
            URL,
            self.stage.folder / "a new device",
            passphrase=passphrase,
            kit=kit,
            transport=self.stage.transport,
            now=self.stage.deployment.clock,
            random=self.stage.dice(),
        )
        try:
            return see_keyring(vault._session)
        finally:
            vault._leave()

    def _look_for_secrets(self, passphrase: Callable[[], str]) -> None:
        session = self._open(passphrase)
        identity, keyring = session.identity, session.identity.keyring
        secrets = [b"" if keyring is None else keyring.key, identity.recovery or b"", passphrase().encode()]
        secrets += [seed for keys in identity.generations.values() for seed in (keys.sign_seed, keys.seal_seed)]
        session.home.close()
        for path in self._files():
            content = path.read_bytes()
            if any(one and (one in content or one.hex().encode() in content) for one in secrets):
                self.problems.append(f"a secret stands in {path.name}")

    def _look_for_lost(self, passphrase: Callable[[], str]) -> None:
        """Whatever left the device, or waited before, waits still or has arrived."""
        session = self._open(passphrase)
        kept = {waiting.signed.body.id for waiting in session.outbox.waiting}
        sequence = session.identity.sequence
        session.home.close()
        kept |= set(self._arrived())
        for statement in self._left():
            body = statement.body
            is_kept = body.sequence <= sequence if isinstance(body, Keyring) else body.id in kept
            if not is_kept:
                self.problems.append(f"a signed {body.TYPE.value} is lost")

    def _arrived(self) -> Iterator[bytes]:
        with self.stage.deployment.context.storage.reading() as connection:
            for table in (statements, introductions):
                yield from connection.scalars(select(table.c.uid))

    def _left(self) -> Iterator[Statement]:
        path = self.stage.folder / LEFT_NAME
        for line in path.read_bytes().splitlines() if path.exists() else ():
            yield Statement.of(Submission.parse(line).envelope)

    def _files(self) -> list[Path]:
        return [path for path in self.home.rglob("*") if path.is_file()]

    def _look_at_files(self) -> None:
        """After all has settled no file is left that nobody needs."""
        for path in self._files():
            place = path.relative_to(self.home).parts
            is_known = place[0] in _LASTING if len(place) == 1 else place[0] in _FOLDERS
            if not is_known or path.name.endswith(".new"):
                self.problems.append(f"{place[0] if len(place) == 1 else place[0] + '/'} is left behind")
