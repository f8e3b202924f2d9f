// The row of every type of statement (docs/protocol.md sections 3.1 to 3.3), and envelopes.
import { fromBase64, fromHex, refuse, ascii, concat, sha256 } from "./bytes.mjs";
import { readJson, readPayload } from "./strict.mjs";

const no = () => refuse("StatementError");
const need = (condition) => condition || no();

const hexOf = (size) => (value) => void fromHex(value, size, "StatementError");
const id16 = hexOf(16);
const hash32 = hexOf(32);
const b64 = (size) => (value) => void fromBase64(value, size, "StatementError");
const between = (low, high) => (value) => need(typeof value === "number" && value >= low && value <= high);
const integer = between(0, 2 ** 53 - 1);
const positive = between(1, 2 ** 53 - 1);
const day = (value) => (integer(value), need(value % 86400 === 0));
const nullable = (check) => (value) => value === null || check(value);
const word = (...words) => (value) => need(typeof value === "string" && words.includes(value));
const pattern = (expression) => (value) => need(typeof value === "string" && expression.test(value));

function row(checks) {
  return (value) => {
    need(value instanceof Map && value.size === Object.keys(checks).length);
    for (const [name, check] of Object.entries(checks)) {
      need(value.has(name));
      check(value.get(name));
    }
  };
}

function list(check, key = (value) => value, most = 16, fewest = 0) {
  return (value) => {
    need(Array.isArray(value) && value.length >= fewest && value.length <= most);
    value.forEach((one) => check(one));
    const keys = value.map(key);
    keys.slice(1).forEach((one, index) => need(keys[index] < one));
  };
}

const by = (name) => (value) => value.get(name);
const blob = row({ sha256: hash32, size: positive });
const seals = list(row({ account: hash32, key: id16, sha256: hash32 }), by("account"));
const url = pattern(/^https?:\/\/([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(:[1-9][0-9]{0,4})?$/);
const itemKind = word("note", "goal", "action", "assessment", "draft", "private", "summary");
const shareKind = word("themes", "goals", "progress", "attendance", "completion");
const engagement = { engagement: id16 };
const underContract = { ...engagement, contract: hash32 };

const party = row({ account: hash32, role: word("coach", "coachee", "sponsor", "supervisor"), keys: hash32 });
const contactRow = row({
  contact: id16,
  kind: word("employer", "safeguarding", "ombuds", "medical", "regulator", "authority"),
  affiliation: word("sponsor", "independent"),
  account: nullable(hash32),
  keys: nullable(hash32),
});
const contact = (value) => (contactRow(value), need((value.get("account") === null) === (value.get("keys") === null)));
const clause = word("no_evaluation_use", "non_retaliation", "coach_does_not_report", "coach_is_not_investigator",
  "coachee_decides_disclosure", "private_notes_exist");
const challenge = { url, challenge: hash32, expires: integer };
const key = (size) => row({ key: id16, public: b64(size) });

const TYPES = {
  keys: {
    account: hash32, generation: positive, sign: key(32), seal: key(1216),
    reason: word("create", "rotate", "recover", "retire"), minimum_suite: between(1, 1),
  },
  keyring: {
    sequence: positive, blob, salt_sha256: hash32,
    slots: list(row({ kind: between(1, 3), sha256: hash32, fetch: b64(32) }), by("kind"), 16, 1),
  },
  introduction: { to: hash32, mac: hash32 },
  login: challenge,
  fetch: { ...challenge, slot: between(1, 3) },
  contract: {
    ...engagement, supersedes: nullable(hash32), parties: list(party, by("account")),
    contacts: list(contact, by("contact")), origin: word("self_requested", "invited", "mandated"),
    share_kinds: list(shareKind), request_budget: row({ count: between(0, 1000), days: between(1, 3650) }),
    retention_days: positive, clauses: list(clause), starts: day, ends: day, salt_sha256: hash32, text: blob, seals,
  },
  assent: { ...underContract, keys: hash32 },
  item: {
    ...underContract, item: id16, version: positive, previous: nullable(hash32), kind: itemKind, blob,
    attachments: list(row({ id: id16, sha256: hash32, size: positive }), by("id"), 100), seals,
  },
  reseal: { ...underContract, item: id16, version: positive, statement: hash32, seals },
  disclosure: {
    ...underContract, share_kind: shareKind,
    purpose: word("development_plan", "programme_report", "closing_conversation", "own_words"), recipient: hash32,
    blob, seals, consent_sha256: hash32, locale: word("de", "en", "es", "fr", "it", "nl", "pl", "pt"),
    expires: nullable(integer),
  },
  withdrawal: { ...engagement, disclosure: hash32 },
  request: { ...underContract, share_kind: shareKind, expires: integer },
  opening: { ...engagement, of: hash32 },
  escalation: {
    ...underContract, contact: id16, reason: word("harm_to_self", "harm_to_others", "child_protection", "legal_duty"),
    delay: nullable(row({ hours: between(1, 72), reason: word("safety", "authority_asked") })), blob, seals,
  },
  closure: { ...engagement, reason: word("completed", "ended", "moved") },
  erasure: { ...engagement, items: list(id16, undefined, 1000, 1), reason: word("asked", "retention") },
};
const UNJOURNALED = ["introduction", "login", "fetch"];
const DAY_ROUNDED = ["contract", "assent", "disclosure"];

// The members of a payload of exactly the expected type.
export function readBody(bytes, type) {
  const members = readPayload(bytes);
  if (members.get("type") !== type) refuse("PayloadTypeError");
  const suite = members.get("suite");
  if (typeof suite === "number" && suite !== 1) refuse("SuiteError");
  const still = UNJOURNALED.includes(type);
  const isNull = (value) => need(value === null);
  row({
    suite: between(1, 1), type: word(type), audience: pattern(/^[!#-*,-\[\]-~]{1,255}$/), id: id16, by: hash32, key: id16,
    at: DAY_ROUNDED.includes(type) ? day : integer,
    after: still ? isNull : hash32,
    seen: still ? isNull : nullable(hash32),
    ...TYPES[type],
  })(members);
  if (type === "contract") need(members.get("starts") < members.get("ends"));
  if (type === "item") need((members.get("version") === 1) === (members.get("previous") === null));
  return members;
}

export const payloadType = (type) => `application/vnd.coach-vault.${type}.v1+json`;

export function signedBytes(type, payload) {
  const name = payloadType(type);
  return concat(ascii(`DSSEv1 ${name.length} ${name} ${payload.length} `), payload);
}

export const statementId = (type, payload) => sha256(signedBytes(type, payload));

// Type, payload and signatures of an envelope.
export function readEnvelope(bytes) {
  if (bytes.length > 100000) no();
  const value = readJson(bytes, "StatementError");
  exactly(value, ["payload", "payloadType", "signatures"]);
  const type = Object.keys(TYPES).find((one) => payloadType(one) === value.get("payloadType"));
  if (type === undefined) refuse("PayloadTypeError");
  const signatures = value.get("signatures");
  need(Array.isArray(signatures) && (signatures.length === 1 || signatures.length === 2));
  return {
    type,
    payload: fromBase64(value.get("payload"), undefined, "StatementError"),
    signatures: signatures.map((one) => {
      exactly(one, ["keyid", "sig"]);
      need(typeof one.get("keyid") === "string");
      return fromBase64(one.get("sig"), 64, "StatementError");
    }),
  };
}

function exactly(value, names) {
  need(value instanceof Map && value.size === names.length && names.every((name) => value.has(name)));
}
