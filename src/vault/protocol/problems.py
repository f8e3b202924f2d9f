"""Every refusal there is: a stable code, a status, a title, and a sentence that says what to do.

The same words stand in answers, in `/problems/<code>`, in the SDK and in the command line. Nothing that was sent is
ever repeated. Source: RFC 9457.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from vault.errors import VaultError
from vault.protocol.limits import (
    BODY_MAXIMUM_BYTES,
    HEAD_MAXIMUM_BYTES,
    HEADERS_MAXIMUM,
    INLINE_BUCKET_MAXIMUM_BYTES,
    LOGIN_BODY_MAXIMUM_BYTES,
    PART_MAXIMUM_BYTES,
    SLOT_BYTES,
)


class Code(StrEnum):
    """The stable codes."""

    BODY_MALFORMED = "body-malformed"
    CREDENTIAL_MISSING = "credential-missing"
    CREDENTIAL_ENDED = "credential-ended"
    ENROLMENT_ENDED = "enrolment-ended"
    CHALLENGE_ENDED = "challenge-ended"
    LOGIN_REFUSED = "login-refused"
    CREDENTIAL_WRONG = "credential-wrong"
    STATEMENT_REQUIRED = "statement-required"
    NOT_SIGNER = "not-signer"
    ROLE_REFUSED = "role-refused"
    AUTHOR_REFUSED = "author-refused"
    CLASS_REFUSED = "class-refused"
    SEALS_REFUSED = "seals-refused"
    RECIPIENT_REFUSED = "recipient-refused"
    SHARE_KIND_REFUSED = "share-kind-refused"
    CONTACT_REFUSED = "contact-refused"
    REQUEST_REFUSED = "request-refused"
    NOT_FOUND = "not-found"
    METHOD_REFUSED = "method-refused"
    VERSION_TAKEN = "version-taken"
    SEQUENCE_TAKEN = "sequence-taken"
    GENERATION_TAKEN = "generation-taken"
    ENGAGEMENT_TAKEN = "engagement-taken"
    ID_TAKEN = "id-taken"
    PART_TAKEN = "part-taken"
    ALREADY_ASSENTED = "already-assented"
    ALREADY_WITHDRAWN = "already-withdrawn"
    CONTRACT_INACTIVE = "contract-inactive"
    CONTRACT_SUPERSEDED = "contract-superseded"
    ENGAGEMENT_CLOSED = "engagement-closed"
    KEY_STALE = "key-stale"
    BUDGET_SPENT = "budget-spent"
    HELD = "held"
    DISCLOSURE_ENDED = "disclosure-ended"
    OPENING_REQUIRED = "opening-required"
    TOO_LARGE = "too-large"
    MEDIA_TYPE = "media-type"
    RANGE_REFUSED = "range-refused"
    SCHEMA = "schema"
    STATEMENT_MALFORMED = "statement-malformed"
    SIGNATURE_INVALID = "signature-invalid"
    SUITE = "suite"
    AUDIENCE = "audience"
    PATH_MISMATCH = "path-mismatch"
    PART_MISSING = "part-missing"
    PART_SURPLUS = "part-surplus"
    PART_MISMATCH = "part-mismatch"
    BLOB_SHAPE = "blob-shape"
    SEAL_SHAPE = "seal-shape"
    SLOT_SHAPE = "slot-shape"
    KEY_INVALID = "key-invalid"
    KEY_CHAIN = "key-chain"
    ACCOUNT_MISMATCH = "account-mismatch"
    PARTIES_REFUSED = "parties-refused"
    CONTACT_NOT_INDEPENDENT = "contact-not-independent"
    DISCLOSURE_PAST = "disclosure-past"
    CLOCK_SKEW = "clock-skew"
    NOT_NEWEST = "not-newest"
    SEEN_UNKNOWN = "seen-unknown"
    TOO_MANY = "too-many"
    QUOTA_SPENT = "quota-spent"
    HEADERS_TOO_LARGE = "headers-too-large"
    SERVER_FAULT = "server-fault"
    BUSY = "busy"
    STORAGE_AWAY = "storage-away"


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of refusal."""

    code: Code
    status: int
    title: str
    what_to_do: str


class Refused(VaultError):
    """A lawful no.

    `members` are the few values that a problem carries beside its words (`current`, `after`, `time`, `errors`);
    `retry_after_seconds` is set where trying again helps.
    """

    def __init__(self, code: Code, *, retry_after_seconds: int | None = None, **members: Any) -> None:
        """The refusal with that code, and with its words."""
        self.problem = PROBLEMS[code]
        self.members = members
        self.retry_after_seconds = retry_after_seconds
        super().__init__(f"{self.problem.title} ({code})")

    @property
    def code(self) -> Code:
        """The stable code."""
        return self.problem.code

    @property
    def what_to_do(self) -> str:
        """One or two sentences for a person."""
        return self.problem.what_to_do


def find_code(text: object) -> Code | None:
    """The code that this text spells; None for any other value."""
    return Code(text) if isinstance(text, str) and text in PROBLEMS else None


def broken_schema(pointer: str, rule: str) -> Refused:
    """The refusal of a body, for its caller to raise: the JSON pointer of the place and the rule that it breaks."""
    return Refused(Code.SCHEMA, errors=[{"pointer": pointer, "rule": rule}])


def _problem(code: Code, status: int, title: str, what_to_do: str) -> tuple[Code, Problem]:
    return code, Problem(code, status, title, what_to_do)


PROBLEMS: dict[Code, Problem] = dict(
    (
        _problem(Code.BODY_MALFORMED, 400, "The body is not strict JSON",
            "Send one JSON object in UTF-8: no duplicate members, no numbers but integers up to 2^53-1."),
        _problem(Code.CREDENTIAL_MISSING, 401, "A credential is needed",
            "Send `Authorization: Bearer` with a credential of the kind that this route takes."),
        _problem(Code.CREDENTIAL_ENDED, 401, "The credential has ended",
            "Log in again for a new token; an app key is made anew by the operator."),
        _problem(Code.ENROLMENT_ENDED, 401, "The enrolment token cannot be used",
            "It was used, has expired, or was never issued. Ask the coaching app for a new one."),
        _problem(Code.CHALLENGE_ENDED, 401, "The challenge cannot be used",
            "It was used, has expired, or was never issued. Ask for a new challenge and answer within 60 seconds."),
        _problem(Code.LOGIN_REFUSED, 401, "The login was refused",
            "Check the account, the key and the deployment's base URL, then ask for a new challenge."),
        _problem(Code.CREDENTIAL_WRONG, 403, "That credential cannot do this",
            "An app key issues enrolment tokens. Acts of people need their login token and their signed statement."),
        _problem(Code.STATEMENT_REQUIRED, 403, "A signed statement is needed",
            "A token changes nothing by itself. Send a statement that is signed by the token's own account."),
        _problem(Code.NOT_SIGNER, 403, "The statement is somebody else's",
            "Send it with the login token of the account that signed it."),
        _problem(Code.ROLE_REFUSED, 403, "That role cannot do this",
            "This act is for another role of the contract, such as the coachee alone. Ask whoever has that role."),
        _problem(Code.AUTHOR_REFUSED, 403, "That author cannot write this version",
            "Drafts are the coach's, summaries the coachee's. Later versions belong to the first author, except of "
            "goals and actions."),
        _problem(Code.CLASS_REFUSED, 403, "That kind cannot go there",
            "Session items never reach a sponsor. The coachee writes a summary and discloses it."),
        _problem(Code.SEALS_REFUSED, 403, "The seals are not for exactly the right people",
            "Seal to exactly the accounts that the kind of item and the active contract allow; no more and no fewer."),
        _problem(Code.RECIPIENT_REFUSED, 403, "That recipient cannot be disclosed to",
            "A disclosure goes to the sponsor of the active contract, sealed to the sponsor and the coachee."),
        _problem(Code.SHARE_KIND_REFUSED, 403, "The contract does not list that kind of sharing",
            "Agree on a contract that lists it, or choose one that is listed."),
        _problem(Code.CONTACT_REFUSED, 403, "That contact cannot be used",
            "Choose one contact of the active contract."),
        _problem(Code.REQUEST_REFUSED, 403, "That request cannot be made",
            "Ask for a kind that the contract lists, with an end within the contract's time."),
        _problem(Code.NOT_FOUND, 404, "Nothing here for you",
            "It does not exist, or it is not yours to see. Check the ids and which account is logged in."),
        _problem(Code.METHOD_REFUSED, 405, "That method does nothing here",
            "Acts are sent with POST to a collection. Nothing of a person's is changed by PUT, PATCH or DELETE."),
        _problem(Code.VERSION_TAKEN, 409, "That version exists already",
            "Read the newest version in `current`, merge, and sign the next version on top of it."),
        _problem(Code.SEQUENCE_TAKEN, 409, "That keyring sequence exists already",
            "Fetch the newest keyring, merge, and sign the next sequence."),
        _problem(Code.GENERATION_TAKEN, 409, "That generation of keys exists already",
            "Fetch the keys journal and sign the next generation."),
        _problem(Code.ENGAGEMENT_TAKEN, 409, "That engagement exists already",
            "Choose 16 new random bytes for a new engagement."),
        _problem(Code.ID_TAKEN, 409, "That statement id was used with other bytes",
            "Send the first bytes again to get their answer, or sign a new statement with a new id."),
        _problem(Code.PART_TAKEN, 409, "That part exists with other bytes",
            "Ask which parts are there and go on from them."),
        _problem(Code.ALREADY_ASSENTED, 409, "You have assented to this contract with these keys",
            "Nothing is left to do."),
        _problem(Code.ALREADY_WITHDRAWN, 409, "That disclosure is withdrawn already",
            "Nothing is left to do: it is no longer served."),
        _problem(Code.CONTRACT_INACTIVE, 409, "That contract is not the active one",
            "Coach, coachee and sponsor must have assented, and nothing is written until all of them have; or another "
            "contract took its place. `contract show` tells who is missing; then try again."),
        _problem(Code.CONTRACT_SUPERSEDED, 409, "Another contract took that place",
            "Fetch the engagement and propose a contract that supersedes the active one."),
        _problem(Code.ENGAGEMENT_CLOSED, 409, "The engagement is closed",
            "No note and no contract is added after it. All else goes on: private notes, goals, actions, assessments, "
            "drafts, summaries, disclosures, withdrawals and exports."),
        _problem(Code.KEY_STALE, 409, "That key was replaced in this engagement",
            "Fetch the newest keys and assents, then sign and seal again with them."),
        _problem(Code.BUDGET_SPENT, 409, "The budget of requests is spent",
            "The contract fixes how many requests fit into a period. Wait for the period to end."),
        _problem(Code.HELD, 409, "That item is held",
            "It cannot be erased while the hold lasts."),
        _problem(Code.DISCLOSURE_ENDED, 410, "That disclosure is no longer served",
            "It has ended. If you still need it, ask; whether to send another is the coachee's choice."),
        _problem(Code.OPENING_REQUIRED, 403, "Sign an opening first",
            "The coachee sees who opened what. Send an opening of this disclosure, then read its content."),
        _problem(Code.TOO_LARGE, 413, "That is too large",
            f"A body has at most {BODY_MAXIMUM_BYTES // 1024} KiB, a login's {LOGIN_BODY_MAXIMUM_BYTES // 1024} KiB, "
            f"a blob at most {INLINE_BUCKET_MAXIMUM_BYTES // 1024} KiB of content, a part of an attachment at most "
            f"{PART_MAXIMUM_BYTES // 1024**2} MiB. Attach larger content, in parts."),
        _problem(Code.MEDIA_TYPE, 415, "That media type is not read here",
            "Send `Content-Type: application/json`."),
        _problem(Code.RANGE_REFUSED, 416, "There are no such bytes",
            "Ask for a range that begins before the end; `Content-Range` says how long the whole is."),
        _problem(Code.SCHEMA, 422, "The request does not have the right shape",
            "Look at `errors`: each names a place and the rule that it breaks."),
        _problem(Code.STATEMENT_MALFORMED, 422, "The statement breaks the protocol's form",
            "Check the payload against the row of its type: exact members, sorted lists, one spelling for each value."),
        _problem(Code.SIGNATURE_INVALID, 422, "The signature does not verify",
            "Sign the pre-authentication encoding of the exact payload bytes with the key that `key` names."),
        _problem(Code.SUITE, 422, "There is one suite",
            "Use suite 1. Nothing is negotiated."),
        _problem(Code.AUDIENCE, 422, "The statement is for another deployment",
            "Sign with the audience of this deployment, taken from your own configuration."),
        _problem(Code.PATH_MISMATCH, 422, "The address and the statement disagree",
            "Send the statement to the address that carries the ids of its payload."),
        _problem(Code.PART_MISSING, 422, "A part is missing",
            "Send every seal, blob and slot that the payload lists, in its order."),
        _problem(Code.PART_SURPLUS, 422, "There is a part too many",
            "Send only the seals, blob and slots that the payload lists, in its order."),
        _problem(Code.PART_MISMATCH, 422, "A part is not the one that was signed",
            "Send the bytes whose hash and size stand in the payload, in the payload's order."),
        _problem(Code.BLOB_SHAPE, 422, "That is not a blob",
            "A blob is sealed content: magic, suite, kind, salt, commitment, and content padded to an allowed size."),
        _problem(Code.SEAL_SHAPE, 422, "That is not a seal",
            "A seal has 1,168 bytes, of which bytes 1,088 to 1,120 are an X25519 key of prime order."),
        _problem(Code.SLOT_SHAPE, 422, "That is not a slot",
            f"A slot has {SLOT_BYTES} bytes, this account's id, and parameters within the floors and caps."),
        _problem(Code.KEY_INVALID, 422, "A public key is not valid",
            "Send canonical keys of prime order with their own key ids."),
        _problem(Code.KEY_CHAIN, 422, "The keys do not continue the chain",
            "Sign the next generation with the newest sign key, and with the new one where it changes."),
        _problem(Code.ACCOUNT_MISMATCH, 422, "The account is not the hash of its first key",
            "An account is the hash of the first sign key; it cannot be chosen or carried over."),
        _problem(Code.PARTIES_REFUSED, 422, "Those parties cannot make a contract",
            "Name one coachee, one coach, at most one sponsor and supervisor, all different, with current keys; a "
            "sponsor needs the clauses no_evaluation_use and non_retaliation."),
        _problem(Code.CONTACT_NOT_INDEPENDENT, 422, "An independent contact is needed",
            "Where there is a sponsor, at least one contact is independent of it."),
        _problem(Code.DISCLOSURE_PAST, 422, "The end of the disclosure has passed",
            "Choose an end in the future, or none."),
        _problem(Code.CLOCK_SKEW, 422, "The clocks disagree",
            "Compare `time` with the clock of this device, set it, and sign again."),
        _problem(Code.NOT_NEWEST, 422, "The statement does not stand on your newest one",
            "Read the journal, then sign on top of the newest statement of yours, named by `after`."),
        _problem(Code.SEEN_UNKNOWN, 422, "The statement has seen an entry that is not there",
            "Fetch and verify the journal again. If it differs from what you hold, keep the evidence and stop."),
        _problem(Code.TOO_MANY, 429, "Too many requests",
            "Wait for the seconds in `Retry-After`, then go on."),
        _problem(Code.QUOTA_SPENT, 429, "The quota is spent",
            "Wait for the seconds in `Retry-After`, or ask the operator for a larger quota."),
        _problem(Code.HEADERS_TOO_LARGE, 431, "The request's headers are too large",
            f"Send at most {HEADERS_MAXIMUM} headers, and at most {HEAD_MAXIMUM_BYTES // 1024} KiB of them with the "
            "request's first line."),
        _problem(Code.SERVER_FAULT, 500, "Something broke here",
            "Nothing was acknowledged. Send the same bytes again; if it stays, tell the operator the Request-Id."),
        _problem(Code.BUSY, 503, "The service is busy",
            "Nothing was written. Send the same bytes again after `Retry-After`."),
        _problem(Code.STORAGE_AWAY, 503, "The storage does not answer",
            "Nothing is lost. Send the same bytes again after `Retry-After`; what was written gets its first answer."),
    )
)  # fmt: skip
"""All problems by code."""
