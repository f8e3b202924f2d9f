"""Trust policies: the example of C2SP tlog-policy, what makes a quorum, and files that say nothing clear."""

from itertools import combinations

import pytest

from tests.tlog.examples import POLICY
from tests.tlog.signers import ORIGIN, TIME, cosignature, log_key, seed, signed_checkpoint, witness_key
from vault import ed25519
from vault.encoding import write_base64
from vault.errors import SignatureError
from vault.tlog.checkpoint import SignedCheckpoint
from vault.tlog.errors import QuorumError, TrustPolicyError
from vault.tlog.signed_note import SignatureType, VerifierKey
from vault.tlog.trust_policy import POLICY_MAXIMUM_BYTES, TrustPolicy

NAMES = ("X1", "X2", "X3", "Y1", "Y2", "Y3")


def with_keys() -> bytes:
    """The specification's example with keys in it."""
    text = POLICY.replace(b"<L>", log_key().to_text().encode())
    for name in NAMES:
        text = text.replace(b"<%s>" % name.encode(), witness_key(name).to_text().encode())
    return text


def cosigned(*names: str, time: int = TIME) -> SignedCheckpoint:
    signed = signed_checkpoint()
    return signed.with_signatures(*(cosignature(signed, name, time) for name in names))


def policy(*lines: str) -> TrustPolicy:
    return TrustPolicy.parse("".join(f"{line}\n" for line in lines).encode())


def witness(name: str, key: str | None = None) -> str:
    return f"witness {name} {witness_key(key or name).to_text()}"


LOG = f"log {log_key().to_text()}"


def test_the_example_wants_two_of_x_and_one_of_y() -> None:
    given = TrustPolicy.parse(with_keys())
    assert [one.key for one in given.logs] == [log_key()]
    assert [one.name for one in given.witnesses] == [name.encode() for name in NAMES]
    for count in range(len(NAMES) + 1):
        for names in combinations(NAMES, count):
            enough = sum(name[0] == "X" for name in names) >= 2 and any(name[0] == "Y" for name in names)
            assert given.is_quorum([name.encode() for name in names]) == enough
    signed = cosigned("X1", "X3", "Y2")
    assert given.verify(signed) == signed.checkpoint
    for names in ((), ("X1", "X2", "X3"), ("X1", "Y1", "Y2", "Y3")):
        with pytest.raises(QuorumError):
            given.verify(cosigned(*names))


def test_any_of_the_logs_will_do_under_its_own_name() -> None:
    given = policy(LOG, f"log {log_key('other.example').to_text()}", "quorum none")
    for origin in (ORIGIN, "other.example"):
        assert given.verify(signed_checkpoint(origin=origin)).origin == origin
    with pytest.raises(SignatureError):
        given.verify(signed_checkpoint(origin="third.example"))
    with pytest.raises(SignatureError):
        policy("quorum none").verify(signed_checkpoint())


def test_a_quorum_of_none_a_witness_or_a_group() -> None:
    assert policy(LOG, "quorum none").verify(cosigned()).size == 5
    one = policy(LOG, witness("w1"), witness("w2"), "quorum w1")
    assert one.verify(cosigned("w1")).size == 5
    for names in ((), ("w2",), ("w3",)):
        with pytest.raises(QuorumError):
            one.verify(cosigned(*names))
    for word in ("any", "1"):
        either = policy(LOG, witness("w1"), witness("w2"), f"group g {word} w1 w2", "quorum g")
        assert either.verify(cosigned("w2")).size == 5
    two = policy(LOG, witness("w1"), witness("w2"), "group g all w1 w2", "quorum g")
    assert two.verify(cosigned("w2", "w1", "w3")).size == 5
    with pytest.raises(QuorumError):
        two.verify(cosigned("w1"))


def test_many_cosignatures_of_one_witness_are_one() -> None:
    given = policy(LOG, witness("w1"), witness("w2"), "group g 2 w1 w2", "quorum g")
    signed = cosigned("w1")
    with pytest.raises(QuorumError):
        given.verify(signed.with_signatures(*(cosignature(signed, "w1", TIME + extra) for extra in range(1, 5))))


def test_a_witness_under_a_name_of_its_own_choice_is_a_stranger() -> None:
    signed = signed_checkpoint()
    renamed = cosignature(signed, "w1")
    renamed = type(renamed)("w2", renamed.key_id, renamed.signature)
    with pytest.raises(QuorumError):
        policy(LOG, witness("w1"), "quorum w1").verify(signed.with_signatures(renamed))


def test_only_cosignatures_in_time_count() -> None:
    given = policy(LOG, witness("w1"), "quorum w1")
    signed = cosigned("w1")
    assert given.verify(signed, earliest=TIME, latest=TIME) == signed.checkpoint
    for earliest, latest in ((TIME + 1, TIME + 9), (0, TIME - 1)):
        with pytest.raises(QuorumError):
            given.verify(signed, earliest=earliest, latest=latest)
    renewed = signed.with_signatures(cosignature(signed, "w1", TIME + 5))
    assert given.verify(renewed, earliest=TIME + 1, latest=TIME + 9) == signed.checkpoint


def test_a_wrong_signature_of_a_known_witness_condemns_the_checkpoint_even_without_need() -> None:
    given = policy(LOG, witness("w1"), "quorum none")
    other = cosignature(signed_checkpoint(size=6), "w1")
    with pytest.raises(SignatureError):
        given.verify(signed_checkpoint().with_signatures(other))


def test_white_space_comments_order_and_addresses_are_free() -> None:
    raw = (
        b"# comment \xff\n\n \t \n\t witness\t w1 %s  https://w1.example \n  # more\n"
        b"quorum w1\nwitness w\xe9 %s\nlog\t%s\thttps://log.example\n"
    ) % tuple(key.to_text().encode() for key in (witness_key("w1"), witness_key("w2"), log_key()))
    given = TrustPolicy.parse(raw)
    assert [one.url for one in given.logs] == [b"https://log.example"]
    assert [(one.name, one.url) for one in given.witnesses] == [(b"w1", b"https://w1.example"), (b"w\xe9", None)]
    assert given.quorum == b"w1"


def test_a_log_may_have_two_keys_and_a_key_two_offices() -> None:
    new = VerifierKey(ORIGIN, SignatureType.ED25519, ed25519.public_key(seed("new")))
    given = policy(LOG, f"log {new.to_text()}", witness("w1", ORIGIN), "quorum none")
    assert len(given.logs) == 2


W1, W2 = witness("w1"), witness("w2")


@pytest.mark.parametrize(
    "lines",
    [
        *((), (LOG,), (W1, "quorum"), ("quorum none", "quorum none"), (W1, "quorum w2"), ("quorum w1", W1)),
        *((W1, "quorum w1 w1"), (W1, "Quorum w1"), ("what is this", "quorum none"), ("log", "quorum none")),
        *((LOG, LOG, "quorum none"), (W1, W1, "quorum w1"), (W1, witness("w2", "w1"), "quorum w1")),
        *((W1, witness("w1", "w2"), "quorum w1"), (witness("none"), "quorum none"), (f"{LOG} a b", "quorum none")),
        *(
            (f"{W1} a b", "quorum w1"),
            ("witness w1", "quorum none"),
            (f"log {witness_key('w1').to_text()}", "quorum none"),
        ),
        *((f"witness w1 {log_key().to_text()}", "quorum none"), ("log a+b+c", "quorum none")),
        *((f"log {log_key().to_text()[:-1]}", "quorum none"), ("log \xff", "quorum none")),
        *((W1, "group g all", "quorum none"), (W1, "group g", "quorum none"), (W1, "group g w1", "quorum none")),
        *((W1, "group g 0 w1", "quorum g"), (W1, "group g 2 w1", "quorum g"), (W1, "group g 01 w1", "quorum g")),
        *((W1, "group g -1 w1", "quorum g"), (W1, "group g one w1", "quorum g"), (W1, "group g \xff w1", "quorum g")),
        *((W1, "group g any w1 w1", "quorum g"), (W1, "group g any w2", W2, "quorum g"), ("group g any g", "quorum g")),
        *(
            (W1, "group g any none", "quorum g"),
            (W1, "group none any w1", "quorum none"),
            (W1, "group w1 any w1", "quorum w1"),
        ),
        (W1, W2, "group a any w1 w2", "group b any w2", "quorum a"),
        (W1, W2, "group a any w1", "group b all a w2", "group c any a", "quorum b"),
    ],
)
def test_lines_that_say_nothing_clear_are_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(TrustPolicyError):
        TrustPolicy.parse("".join(f"{line}\n" for line in lines).encode("latin-1"))


@pytest.mark.parametrize(
    "raw", [b"", b"quorum none", b"quorum none\r\n", b"quorum none\n\0\n", b"quorum\x0bnone\n", b"#\x7f\nquorum none\n"]
)
def test_other_control_characters_and_cut_lines_are_refused(raw: bytes) -> None:
    with pytest.raises(TrustPolicyError):
        TrustPolicy.parse(raw)


def test_a_witness_whose_signatures_nobody_here_can_verify_is_refused_not_ignored() -> None:
    key = "w9.example+00000000+" + write_base64(b"\x06" + bytes(1_312))
    with pytest.raises(TrustPolicyError):
        policy(f"witness w9 {key}", "quorum none")


def test_policies_are_bounded_and_have_room_for_what_the_specification_asks() -> None:
    lines = [f"log {log_key(str(index)).to_text()}" for index in range(32)]
    lines += [witness(f"w{index}") for index in range(32)]
    lines += [f"group g{index} any w{index}" + (f" g{index - 1}" if index else "") for index in range(32)]
    given = policy(*lines, "quorum g31")
    assert (len(given.logs), len(given.witnesses), len(given.groups)) == (32, 32, 32)
    assert given.is_quorum([b"w0"])
    assert not given.is_quorum([b"w32", b"g0"])
    tail = b"quorum none\n"
    assert TrustPolicy.parse(b"#" * (POLICY_MAXIMUM_BYTES - len(tail) - 1) + b"\n" + tail).quorum == b"none"
    with pytest.raises(TrustPolicyError):
        TrustPolicy.parse(b"#" * (POLICY_MAXIMUM_BYTES - len(tail)) + b"\n" + tail)
