"""Every type of statement comes back as it was written, and bears no member too few, too many or of another kind."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocol.samples import AT, DAY, SAMPLES, write
from tests.support.people import digest, short
from vault.errors import PayloadTypeError, StatementError, SuiteError
from vault.protocol.kinds import JOURNALED, KINDS
from vault.protocol.statements import MODELS, parse_body
from vault.protocol.vocabulary import StatementType

HEX32 = "00" * 32
TYPES = list(StatementType)

NULLABLE = {
    (StatementType.CONTRACT, "supersedes"),
    (StatementType.DISCLOSURE, "expires"),
    (StatementType.ESCALATION, "delay"),
    (StatementType.ITEM, "previous"),
}

Path = tuple[str | int, ...]


def list_places(value: Any, at: Path = ()) -> list[Path]:
    """The places of all members and list values, at every depth."""
    if isinstance(value, dict):
        return [place for name in value for place in [(*at, name), *list_places(value[name], (*at, name))]]
    if isinstance(value, list):
        return [
            place for index in range(len(value)) for place in [(*at, index), *list_places(value[index], (*at, index))]
        ]
    return []


def put(members: dict[str, Any], place: Path, value: Any) -> dict[str, Any]:
    """A copy in which that place holds `value`."""
    changed: Any = copy.deepcopy(members)
    inner = changed
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = value
    return dict(changed)


def drop(members: dict[str, Any], place: Path) -> dict[str, Any]:
    changed: Any = copy.deepcopy(members)
    inner = changed
    for part in place[:-1]:
        inner = inner[part]
    del inner[place[-1]]
    return dict(changed)


def get(members: Any, place: Path) -> Any:
    for part in place:
        members = members[part]
    return members


def refuses(word: StatementType, members: object) -> bool:
    try:
        parse_body(write(members), word)
    except (StatementError, SuiteError):
        return True
    return False


def test_every_type_has_a_model_and_a_sample() -> None:
    assert MODELS.keys() == SAMPLES.keys() == set(StatementType)


@pytest.mark.parametrize("word", TYPES)
def test_a_payload_comes_back_as_it_was_written(word: StatementType) -> None:
    members = SAMPLES[word]
    body = parse_body(write(members), word)
    assert json.loads(body.payload()) == members
    assert parse_body(body.payload(), word) == body
    assert body.TYPE is body.type is word


@pytest.mark.parametrize("word", TYPES)
def test_members_come_in_any_order(word: StatementType) -> None:
    turned = dict(reversed(SAMPLES[word].items()))
    assert parse_body(write(turned), word) == parse_body(write(SAMPLES[word]), word)


@pytest.mark.parametrize("word", TYPES)
def test_no_member_may_be_missing_at_any_depth(word: StatementType) -> None:
    for place in list_places(SAMPLES[word]):
        if isinstance(place[-1], str):
            assert refuses(word, drop(SAMPLES[word], place)), place


@pytest.mark.parametrize("word", TYPES)
def test_no_member_may_be_added_at_any_depth(word: StatementType) -> None:
    places: list[Path] = [()] + [
        place for place in list_places(SAMPLES[word]) if isinstance(get(SAMPLES[word], place), dict)
    ]
    for place in places:
        assert refuses(word, put(SAMPLES[word], (*place, "extra"), 1)), place
        assert refuses(word, put(SAMPLES[word], (*place, "_"), None)), place


@pytest.mark.parametrize("word", TYPES)
def test_no_member_may_stand_twice_at_any_depth(word: StatementType) -> None:
    for place in list_places(SAMPLES[word]):
        if isinstance(place[-1], str):
            marker = "twice"
            text = write(put(SAMPLES[word], place, marker)).decode()
            value = json.dumps(get(SAMPLES[word], place), separators=(",", ":"))
            name = json.dumps(place[-1])
            doubled = text.replace(f'{name}:"{marker}"', f"{name}:{value},{name}:{value}")
            with pytest.raises(StatementError):
                parse_body(doubled.encode(), word)


@pytest.mark.parametrize("word", TYPES)
def test_no_member_may_be_of_another_type(word: StatementType) -> None:
    others = [None, True, False, 0, 1, 2, "", "a", "1", [], {}, ["a"], {"a": 1}, 2**53 - 1]
    for place in list_places(SAMPLES[word]):
        right = get(SAMPLES[word], place)
        for value in others:
            same = type(value) is type(right)
            if same or (value is None and (word, place[0]) in NULLABLE):
                continue
            if place[0] in ("supersedes", "expires", "delay", "previous", "seen"):
                continue  # their null rules have tests of their own
            if isinstance(right, type(None)) and place[-1] in ("account", "keys"):
                continue
            assert refuses(word, put(SAMPLES[word], place, value)), (place, value)


@pytest.mark.parametrize("word", TYPES)
def test_hex_has_one_spelling(word: StatementType) -> None:
    for place in list_places(SAMPLES[word]):
        right = get(SAMPLES[word], place)
        if not isinstance(right, str) or place[-1] in ("public", "fetch") or len(right) not in (32, 64):
            continue
        for value in (right[:-1], right + "0", right[:-2], "A" + right[1:], "g" + right[1:], right[:-1] + "-"):
            assert refuses(word, put(SAMPLES[word], place, value)), (place, value)


@pytest.mark.parametrize("word", TYPES)
def test_base64_has_one_spelling(word: StatementType) -> None:
    for place in list_places(SAMPLES[word]):
        right = get(SAMPLES[word], place)
        if place[-1] in ("public", "fetch"):
            for value in (right.rstrip("="), right + "=", right[:-4], "-" + right[1:], right[4:], right + "AAAA"):
                assert refuses(word, put(SAMPLES[word], place, value)), (place, value)
            assert refuses(word, put(SAMPLES[word], place, right[:-2] + chr(ord(right[-2]) + 1) + "=")), "a tail"


@pytest.mark.parametrize("word", TYPES)
def test_words_are_of_their_closed_list(word: StatementType) -> None:
    for place in list_places(SAMPLES[word]):
        right = get(SAMPLES[word], place)
        if (
            isinstance(right, str)
            and len(right) not in (32, 64)
            and place[-1] not in ("public", "fetch", "audience", "url")
        ):
            for value in ("performance", right.upper(), right + "s", ""):
                assert refuses(word, put(SAMPLES[word], place, value)), (place, value)


@pytest.mark.parametrize("word", TYPES)
def test_lists_ascend_strictly(word: StatementType) -> None:
    members = SAMPLES[word]
    for place in list_places(members):
        right = get(members, place)
        if isinstance(right, list):
            if len(right) > 1:
                assert refuses(word, put(members, place, right[::-1])), place
            if right:
                assert refuses(word, put(members, place, [right[0], *right])), place


def _many(count: int, **others: Any) -> list[dict[str, Any]]:
    first = next(iter(others))
    size = len(others[first]) // 2
    return [{**others, first: number.to_bytes(size, "big").hex()} for number in range(count)]


LISTS: list[tuple[StatementType, str, int, int, dict[str, Any]]] = [
    (StatementType.CONTRACT, "parties", 0, 16, {"account": HEX32, "role": "coach", "keys": HEX32}),
    (
        StatementType.CONTRACT,
        "contacts",
        0,
        16,
        {"contact": "00" * 16, "kind": "ombuds", "affiliation": "sponsor", "account": None, "keys": None},
    ),
    (StatementType.ITEM, "attachments", 0, 100, {"id": "00" * 16, "sha256": HEX32, "size": 1}),
    *(
        (word, "seals", 0, 16, {"account": HEX32, "key": "00" * 16, "sha256": HEX32})
        for word in (
            StatementType.CONTRACT,
            StatementType.ITEM,
            StatementType.RESEAL,
            StatementType.DISCLOSURE,
            StatementType.ESCALATION,
        )
    ),
]


@pytest.mark.parametrize(("word", "name", "minimum", "maximum", "entry"), LISTS)
def test_lists_are_so_long_and_no_longer(
    word: StatementType, name: str, minimum: int, maximum: int, entry: dict[str, Any]
) -> None:
    for count in (minimum, 1, maximum):
        assert not refuses(word, {**SAMPLES[word], name: _many(count, **entry)}), count
    assert refuses(word, {**SAMPLES[word], name: _many(maximum + 1, **entry)})


def test_an_erasure_names_1_to_1000_items() -> None:
    members = SAMPLES[StatementType.ERASURE]
    for count, refused in ((0, True), (1, False), (1_000, False), (1_001, True)):
        items = [number.to_bytes(16, "big").hex() for number in range(count)]
        assert refuses(StatementType.ERASURE, {**members, "items": items}) == refused
    assert refuses(StatementType.ERASURE, {**members, "items": [HEX32]}), "a disclosure is named by its 16-byte id"


def test_lists_of_words_may_hold_every_word_or_none() -> None:
    members = SAMPLES[StatementType.CONTRACT]
    share_kinds = ["attendance", "completion", "goals", "progress", "themes"]
    clauses = [
        "coach_does_not_report",
        "coach_is_not_investigator",
        "coachee_decides_disclosure",
        "no_evaluation_use",
        "non_retaliation",
        "private_notes_exist",
    ]
    for name, words in (("share_kinds", share_kinds), ("clauses", clauses)):
        assert not refuses(StatementType.CONTRACT, {**members, name: words})
        assert not refuses(StatementType.CONTRACT, {**members, name: []})
        assert refuses(StatementType.CONTRACT, {**members, name: [words[1], words[0]]})
        assert refuses(StatementType.CONTRACT, {**members, name: [words[0], words[0]]})


def test_a_keyring_has_one_to_three_slots_sorted_by_number() -> None:
    members = SAMPLES[StatementType.KEYRING]
    slots = members["slots"]
    for right in (slots[:1], slots[1:], slots[2:], slots):
        assert not refuses(StatementType.KEYRING, {**members, "slots": right})
    for wrong in ([], [slots[1], slots[0]], [slots[0], slots[0]], [{**slots[0], "kind": 0}], [{**slots[0], "kind": 4}]):
        assert refuses(StatementType.KEYRING, {**members, "slots": wrong})
    assert refuses(StatementType.KEYRING, {**members, "slots": [{**slots[0], "kind": "1"}]})
    assert refuses(StatementType.KEYRING, {**members, "slots": [{**slots[0], "kind": True}]})


def test_a_fetch_names_one_of_three_slots() -> None:
    members = SAMPLES[StatementType.FETCH]
    answers = [refuses(StatementType.FETCH, {**members, "slot": slot}) for slot in (0, 1, 2, 3, 4, "1", True)]
    assert answers == [True, False, False, False, True, True, True]


# Nulls


@pytest.mark.parametrize("word", TYPES)
def test_after_and_seen_are_null_in_what_stands_in_no_journal_and_after_is_not_elsewhere(word: StatementType) -> None:
    members = SAMPLES[word]
    journaled = word in JOURNALED
    assert refuses(word, {**members, "after": None}) == journaled
    assert refuses(word, {**members, "after": HEX32}) != journaled
    assert not refuses(word, {**members, "seen": None})
    assert refuses(word, {**members, "seen": HEX32}) != journaled


def test_null_stands_only_where_a_row_says_so() -> None:
    null = {
        (word, place[0])
        for word in TYPES
        for place in list_places(SAMPLES[word])
        if len(place) == 1 and place[0] not in ("after", "seen") and not refuses(word, put(SAMPLES[word], place, None))
    }
    assert null == NULLABLE


def test_supersedes_and_expires_and_delay_are_null_or_a_value() -> None:
    for value, refused in ((HEX32, False), ("", True), (0, True)):
        assert refuses(StatementType.CONTRACT, {**SAMPLES[StatementType.CONTRACT], "supersedes": value}) == refused
    for expires, refused in ((0, False), (2**53 - 1, False), ("1", True), (True, True)):
        assert refuses(StatementType.DISCLOSURE, {**SAMPLES[StatementType.DISCLOSURE], "expires": expires}) == refused
    for delay, refused in (({"hours": 1, "reason": "authority_asked"}, False), ({}, True), ("1", True)):
        assert refuses(StatementType.ESCALATION, {**SAMPLES[StatementType.ESCALATION], "delay": delay}) == refused


def test_previous_is_null_in_version_1_and_nowhere_else() -> None:
    members = SAMPLES[StatementType.ITEM]
    for version, previous, refused in (
        (1, None, False),
        (1, HEX32, True),
        (2, None, True),
        (2, HEX32, False),
        (0, None, True),
    ):
        assert refuses(StatementType.ITEM, {**members, "version": version, "previous": previous}) == refused


def test_a_contacts_account_and_keys_are_both_null_or_both_not() -> None:
    members = SAMPLES[StatementType.CONTRACT]
    contact = next(contact for contact in members["contacts"] if contact["account"] is None)
    for account, keys, refused in (
        (None, None, False),
        (HEX32, HEX32, False),
        (HEX32, None, True),
        (None, HEX32, True),
    ):
        changed = {**members, "contacts": [{**contact, "account": account, "keys": keys}]}
        assert refuses(StatementType.CONTRACT, changed) == refused


# Numbers


@pytest.mark.parametrize("word", TYPES)
def test_at_is_rounded_to_the_day_in_what_sponsors_see(word: StatementType) -> None:
    assert refuses(word, {**SAMPLES[word], "at": AT + 1}) == KINDS[word].whole_days
    assert not refuses(word, {**SAMPLES[word], "at": 0})
    assert {word.value for word, row in KINDS.items() if row.whole_days} == {"contract", "assent", "disclosure"}


@pytest.mark.parametrize(
    ("word", "place", "lowest", "highest"),
    [
        (StatementType.KEYS, ("generation",), 1, 2**53 - 1),
        (StatementType.KEYS, ("minimum_suite",), 1, 1),
        (StatementType.KEYRING, ("sequence",), 1, 2**53 - 1),
        (StatementType.KEYRING, ("blob", "size"), 1, 2**53 - 1),
        (StatementType.LOGIN, ("expires",), 0, 2**53 - 1),
        (StatementType.LOGIN, ("at",), 0, 2**53 - 1),
        (StatementType.CONTRACT, ("request_budget", "count"), 0, 1_000),
        (StatementType.CONTRACT, ("request_budget", "days"), 1, 3_650),
        (StatementType.CONTRACT, ("retention_days",), 1, 2**53 - 1),
        (StatementType.ITEM, ("attachments", 0, "size"), 1, 2**53 - 1),
        (StatementType.RESEAL, ("version",), 1, 2**53 - 1),
        (StatementType.REQUEST, ("expires",), 0, 2**53 - 1),
        (StatementType.ESCALATION, ("delay", "hours"), 1, 72),
    ],
)
def test_numbers_have_their_range(word: StatementType, place: Path, lowest: int, highest: int) -> None:
    for value, refused in ((lowest - 1, True), (lowest, False), (highest, False), (highest + 1, True)):
        assert refuses(word, put(SAMPLES[word], place, value)) == refused, value


def test_a_contract_starts_and_ends_on_a_day_and_starts_first() -> None:
    members = SAMPLES[StatementType.CONTRACT]
    for starts, ends, refused in (
        (AT, AT + DAY, False),
        (0, DAY, False),
        (AT, AT, True),
        (AT + DAY, AT, True),
        (AT + 1, AT + DAY, True),
        (AT, AT + DAY + 1, True),
    ):
        assert refuses(StatementType.CONTRACT, {**members, "starts": starts, "ends": ends}) == refused


# Text


@pytest.mark.parametrize(
    ("audience", "refused"),
    [
        ("vault.example/log", False),
        ("a", False),
        ("a" * 255, False),
        ("!#$%&'()*,-./:;<=>?@[]^_`{|}~", False),
        ("", True),
        ("a" * 256, True),
        ("a+b", True),
        ("vault.example/log\n", True),
    ],
)
def test_an_audience_is_1_to_255_printable_characters_without_plus(audience: str, refused: bool) -> None:
    members = {**SAMPLES[StatementType.CLOSURE], "audience": audience}
    assert refuses(StatementType.CLOSURE, members) == refused


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        ("https://vault.example", False),
        ("http://127.0.0.1:8000", False),
        ("https://[::1]:8443", False),
        ("https://a", False),
        ("https://v-1.example:65535", False),
        ("https://vault.example/", True),
        ("https://vault.example/v1", True),
        ("https://Vault.example", True),
        ("HTTPS://vault.example", True),
        ("ftp://vault.example", True),
        ("https://", True),
        ("https://-a", True),
        ("https://a-", True),
        ("https://a.", True),
        ("https://vault.example:", True),
        ("https://vault.example:0", True),
        ("https://vault.example:080", True),
        ("https://vault.example:100000", True),
        ("https://user@vault.example", True),
        ("https://vault.example?x", True),
        ("https://vault.example#x", True),
        ("https://[g]", True),
        ("vault.example", True),
        ("https://" + "a" * 254, True),
    ],
)
@pytest.mark.parametrize("word", [StatementType.LOGIN, StatementType.FETCH])
def test_a_url_is_scheme_host_and_port_alone(word: StatementType, url: str, refused: bool) -> None:
    assert refuses(word, {**SAMPLES[word], "url": url}) == refused


# Suite and type


@pytest.mark.parametrize("suite", [0, 2, 255])
@pytest.mark.parametrize("word", TYPES)
def test_another_suite_has_its_own_error(word: StatementType, suite: int) -> None:
    with pytest.raises(SuiteError):
        parse_body(write({**SAMPLES[word], "suite": suite}), word)


@pytest.mark.parametrize("suite", [True, False, "1", None, [1]])
def test_a_suite_that_is_no_integer_is_no_suite(suite: object) -> None:
    with pytest.raises((SuiteError, StatementError)):
        parse_body(write({**SAMPLES[StatementType.CLOSURE], "suite": suite}), StatementType.CLOSURE)


@pytest.mark.parametrize("word", TYPES)
def test_a_payload_is_of_the_type_that_is_expected(word: StatementType) -> None:
    for other in TYPES:
        if other is not word:
            with pytest.raises(PayloadTypeError):
                parse_body(write(SAMPLES[word]), other)
    for value in ("", "unknown", 1, None):
        with pytest.raises(PayloadTypeError):
            parse_body(write({**SAMPLES[word], "type": value}), word)


def test_an_error_names_the_place_and_never_the_value() -> None:
    secret = "a_word_that_somebody_wrote"
    with pytest.raises(StatementError, match=r"look at kind$") as refusal:
        parse_body(write({**SAMPLES[StatementType.ITEM], "kind": secret}), StatementType.ITEM)
    assert secret not in str(refusal.value)
    assert refusal.value.__cause__ is None
    with pytest.raises(StatementError, match=r"look at the whole$"):
        parse_body(write({**SAMPLES[StatementType.ITEM], "version": 2}), StatementType.ITEM)
    with pytest.raises(StatementError, match=r"look at seals\.0\.key$"):
        parse_body(write(put(SAMPLES[StatementType.ITEM], ("seals", 0, "key"), "x")), StatementType.ITEM)


def test_a_body_is_frozen() -> None:
    body = parse_body(write(SAMPLES[StatementType.CLOSURE]), StatementType.CLOSURE)
    with pytest.raises(ValueError, match="frozen"):
        body.__setattr__("at", 1)


def test_bytes_of_the_right_size_are_taken_when_a_body_is_made_here() -> None:
    model = MODELS[StatementType.OPENING]
    members = {**SAMPLES[StatementType.OPENING], "of": digest("x"), "engagement": short("y")}
    assert model.model_validate(members) == model.model_validate({**members, "of": digest("x").hex()})
    for wrong in (digest("x")[:31], digest("x") + b"x", bytearray(32)):
        with pytest.raises(ValueError, match="64 lower-case hex digits"):
            model.model_validate({**members, "of": wrong})


leaves = st.none() | st.booleans() | st.integers(0, 2**53 - 1) | st.text("abcdef0123456789=+/_-", max_size=70)
values = leaves | st.lists(leaves, max_size=3) | st.dictionaries(st.text("abc", max_size=3), leaves, max_size=3)


@given(st.sampled_from(TYPES), st.data())
def test_whatever_stands_in_a_member_is_read_or_refused_and_nothing_else_happens(
    word: StatementType, data: st.DataObject
) -> None:
    place = data.draw(st.sampled_from(list_places(SAMPLES[word])))
    members = put(SAMPLES[word], place, data.draw(values))
    try:
        body = parse_body(write(members), word)
    except (StatementError, SuiteError):
        return
    assert json.loads(body.payload()) == members
