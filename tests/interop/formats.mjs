// Blobs, slots, keyrings, state files and attachments (docs/protocol.md sections 5 to 8).
import sodium from "libsodium-wrappers-sumo";
import { ascii, concat, equal, fromBase64, fromHex, hex, hkdf, refuse, sha256, u32, u64, u8, utf8, zeros, ZERO32,
} from "./bytes.mjs";
import { readJson } from "./strict.mjs";

await sodium.ready;

export const KINDS = {
  note: 1, goal: 2, action: 3, assessment: 4, draft: 5, private: 6, summary: 16,
  disclosure: 32, contract_text: 33, escalation: 34,
};
export const PURPOSES = { item: 1, disclosure: 2, contract: 3, escalation: 4 };
const isItem = (kind) => KINDS[kind] < 32;

export function bucket(length) {
  for (const size of [4096, 8192, 16384, 32768, 65536]) if (length <= size) return size;
  const exponent = Math.floor(Math.log2(length));
  const step = 2 ** (exponent - (Math.floor(Math.log2(exponent)) + 1));
  return Math.ceil(length / step) * step;
}

export const isBucket = (length) => length >= 4096 && bucket(length) === length;

// Everything that is sealed with a commitment to its key.
function committed(ikm, salt, info) {
  const okm = hkdf(ikm, salt, info, 88);
  const [key, nonce, commitment] = [okm.slice(0, 32), okm.slice(32, 56), okm.slice(56)];
  return {
    commitment,
    require: (stored, error) => equal(stored, commitment) || refuse(error),
    seal: (plaintext, aad) => sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, aad, null, nonce, key),
    open: (ciphertext, aad) => {
      try {
        return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, ciphertext, aad, nonce, key);
      } catch {
        return refuse("AeadError");
      }
    },
  };
}

const pad = (plaintext, length) => concat(plaintext, u8(0x80), zeros(length - plaintext.length - 1));

function unpad(padded, bucketOf) {
  let end = padded.length - 1;
  while (end >= 0 && padded[end] === 0) end -= 1;
  if (end < 0 || padded[end] !== 0x80 || padded.length !== bucketOf(end + 1)) refuse("PaddingError");
  return padded.slice(0, end);
}

// --- blobs

export function place(context) {
  return concat(fromHex(context.engagement, 16), fromHex(context.contract, 32), fromHex(context.item, 16),
    u64(context.version));
}

export function blobDigest(context) {
  return sha256(ascii("CV1 blob context\0"), u8(1), u8(KINDS[context.kind]), place(context),
    fromHex(context.author, 32), fromHex(context.previous, 32));
}

// The context of the blob that a statement names, from its members alone.
export function blobContext(type, body) {
  const item = type === "item";
  return {
    kind: { item: body.get("kind"), disclosure: "disclosure", contract: "contract_text", escalation: "escalation" }[type],
    engagement: body.get("engagement"),
    contract: type === "contract" ? hex(ZERO32) : body.get("contract"),
    item: body.get(item ? "item" : "id"),
    version: item ? body.get("version") : 1,
    author: body.get("by"),
    previous: (item ? body.get("previous") : null) ?? hex(ZERO32),
  };
}

const blobKey = (context, contentKey, salt) =>
  committed(contentKey, salt, concat(ascii("CV1 blob key\0"), blobDigest(context)));

const blobBucket = (kind) => (length) => (kind === "escalation" ? Math.max(8192, bucket(length)) : bucket(length));

export function sealBlob(context, contentKey, salt, header, body) {
  const plaintext = concat(u32(header.length), header, body);
  const key = blobKey(context, contentKey, salt);
  const head = concat(ascii("CVB1"), u8(1), u8(KINDS[context.kind]), zeros(2), salt, key.commitment);
  return concat(head, key.seal(pad(plaintext, blobBucket(context.kind)(plaintext.length + 1)), head));
}

export function openBlob(context, contentKey, blob) {
  const size = blob.length - 80;
  const start = concat(ascii("CVB1"), u8(1), u8(KINDS[context.kind]), zeros(2));
  if (!isBucket(size) || size > 262144 || !equal(blob.slice(0, 8), start)) refuse("ContentShapeError");
  if (context.kind === "escalation" && size !== 8192) refuse("ContentShapeError");
  const key = blobKey(context, contentKey, blob.slice(8, 32));
  key.require(blob.slice(32, 64), "CommitmentError");
  const plaintext = unpad(key.open(blob.slice(64), blob.slice(0, 64)), blobBucket(context.kind));
  if (plaintext.length < 4) refuse("HeaderError");
  const end = 4 + Buffer.from(plaintext).readUInt32BE(0);
  if (end > plaintext.length) refuse("HeaderError");
  readHeader(context, plaintext.slice(4, end));
  return { header: plaintext.slice(4, end), body: plaintext.slice(end) };
}

export function requireBlobHash(ref, blob) {
  if (blob.length !== ref.size || !equal(sha256(blob), fromHex(ref.sha256, 32))) refuse("BlobHashError");
}

function readHeader(context, bytes) {
  const header = readJson(bytes, "HeaderError");
  const need = (condition) => condition || refuse("HeaderError");
  const text = (value) => need(typeof value === "string");
  const number = (value) => need(typeof value === "number");
  const distinct = (values, most) =>
    need(Array.isArray(values) && values.length <= most && new Set(values).size === values.length);
  const members = ["engagement", "item", "version", "kind", "media_type", "title", "created"];
  const lists = isItem(context.kind) ? ["tags", "sources", "attachments"] : [];
  const has = (value, names) => need(value instanceof Map && value.size === names.length && names.every((n) => value.has(n)));
  has(header, [...members, ...lists]);
  for (const name of ["engagement", "item", "version", "kind"]) need(header.get(name) === context[name]);
  ["media_type", "title"].forEach((name) => text(header.get(name)));
  number(header.get("created"));
  if (["disclosure", "contract_text"].includes(context.kind)) need(header.get("created") % 86400 === 0);
  if (lists.length === 0) return;
  distinct(header.get("tags"), 16);
  header.get("tags").forEach(text);
  distinct(header.get("sources"), 16);
  header.get("sources").forEach((one) => fromHex(one, 16, "HeaderError"));
  need(Array.isArray(header.get("attachments")));
  header.get("attachments").forEach((one) => {
    has(one, ["id", "key", "name", "media_type", "size"]);
    fromHex(one.get("id"), 16, "HeaderError");
    fromBase64(one.get("key"), 32, "HeaderError");
    ["name", "media_type"].forEach((name) => text(one.get(name)));
    number(one.get("size"));
  });
  distinct(header.get("attachments").map((one) => one.get("id")), 100);
}

// --- seals

export function sealInfo(context) {
  return concat(ascii("CV1 seal\0"), u8(1), u8(PURPOSES[context.purpose]), place(context.blob),
    fromHex(context.sender, 32), fromHex(context.recipient, 32), fromHex(context.recipient_key, 16),
    fromHex(context.blob_sha256, 32));
}

// --- slots

export function slotHeader({ kind, account, salt, passes, memory }) {
  const code = kind === 3;
  return concat(ascii("CVK1"), u8(1), u8(kind), u8(code ? 0 : 1), u8(code ? 0 : 1), u32(code ? 0 : passes),
    u32(code ? 0 : memory), salt, account);
}

export function readSlotHeader(raw, account, kind) {
  if (raw.length < 64 || !equal(raw.slice(0, 5), concat(ascii("CVK1"), u8(1)))) refuse("SlotError");
  if (!equal(raw.slice(32, 64), account) || raw[5] !== kind) refuse("SlotAccountError");
  const view = Buffer.from(raw);
  const [kdf, lanes, passes, memory] = [raw[6], raw[7], view.readUInt32BE(8), view.readUInt32BE(12)];
  const good = kind === 3
    ? kdf + lanes + passes + memory === 0
    : kdf === 1 && lanes === 1 && passes >= 3 && passes <= 10 && memory >= 65536 && memory <= 1048576;
  if (!good) refuse("KdfFloorError");
  return { passes, memory, salt: raw.slice(16, 32) };
}

export function passphraseIkm(header, passphrase, kit) {
  const { passes, memory, salt } = header;
  const stretched = sodium.crypto_pwhash(
    32, utf8(passphrase.normalize("NFKC")), salt, passes, memory * 1024, sodium.crypto_pwhash_ALG_ARGON2ID13);
  return kit === null ? stretched : concat(stretched, kit);
}

export const fetchSeed = (ikm, head) => hkdf(ikm, head.slice(16, 32), concat(ascii("CV1 fetch key\0"), head), 32);

const slotKey = (ikm, head, keyring) =>
  committed(ikm, head.slice(16, 32), concat(ascii("CV1 slot key\0"), head, keyring));

export function sealSlot(head, ikm, keyringKey, keyring) {
  const key = slotKey(ikm, head, keyring);
  return concat(head, key.commitment, key.seal(keyringKey, head));
}

export function openSlot(slot, ikm, keyring) {
  if (slot.length !== 144 || !equal(slot.slice(0, 5), concat(ascii("CVK1"), u8(1)))) refuse("SlotError");
  const key = slotKey(ikm, slot.slice(0, 64), keyring);
  key.require(slot.slice(64, 96), "SlotCommitmentError");
  return key.open(slot.slice(96), slot.slice(0, 64));
}

// --- keyrings and state files

const keyringKey = (key, salt, account, sequence) =>
  committed(key, salt, concat(ascii("CV1 keyring key\0"), account, u64(sequence)));

export function sealKeyring(content, account, sequence, key, salt) {
  const derived = keyringKey(key, salt, account, sequence);
  const head = concat(ascii("CVR1"), u8(1), zeros(3), u64(sequence), salt, derived.commitment);
  return concat(head, derived.seal(pad(content, bucket(content.length + 1)), head));
}

export function openKeyring(raw, account, sequence, key) {
  const size = raw.length - 88;
  const start = concat(ascii("CVR1"), u8(1), zeros(3), u64(sequence));
  if (!isBucket(size) || size > 262144 || !equal(raw.slice(0, 16), start)) refuse("ContentShapeError");
  const derived = keyringKey(key, raw.slice(16, 40), account, sequence);
  derived.require(raw.slice(40, 72), "CommitmentError");
  const content = unpad(derived.open(raw.slice(72), raw.slice(0, 72)), bucket);
  requireKeyringContent(content, account);
  return content;
}

function requireKeyringContent(bytes, account) {
  const error = "KeyringContentError";
  const content = readJson(bytes, error);
  const need = (condition) => condition || refuse(error);
  const text = (value) => need(typeof value === "string");
  const among = (...words) => (value) => need(words.includes(value));
  const hash = (value) => fromHex(value, 32, error);
  const id = (value) => fromHex(value, 16, error);
  const secret = (size) => (value) => fromBase64(value, size, error);
  const number = (fewest) => (value) => need(typeof value === "number" && value >= fewest);
  const nullable = (check) => (value) => value === null || check(value);
  const subject = (value) => need(typeof value === "string" && /^([0-9a-f]{32}|[0-9a-f]{64})$/.test(value));
  const row = (checks) => (value) => {
    need(value instanceof Map && value.size === Object.keys(checks).length);
    for (const [name, check] of Object.entries(checks)) need(value.has(name)) && check(value.get(name));
  };
  const list = (check) => (value) => need(Array.isArray(value)) && value.forEach((one) => check(one));
  row({
    account: hash,
    generations: list(row({ generation: number(1), sign: secret(32), seal: secret(32) })),
    salt: secret(32),
    engagements: list(row({ engagement: id, salt: secret(32) })),
    pins: list(row({
      kind: among("keys", "keyring", "engagement", "escalations", "deployment"), subject, seq: number(0), head: hash })),
    people: list(row({
      account: hash, name: text, state: among("unverified", "verified", "changed"), key: nullable(id) })),
    invitations: list(row({ name: text, secret: secret(16) })),
    sources: list(row({ disclosure: hash, item: id, version: number(1) })),
    deployment: row({ audience: text, url: text, account: nullable(hash), sign: nullable(secret(32)),
      log: nullable(text), checkpoint: nullable(text) }),
    recovery: nullable(secret(32)),
    kit: nullable(secret(32)),
  })(content);
  const numbers = content.get("generations").map((one) => one.get("generation"));
  need(numbers.length > 0 && numbers.every((one, index) => one === index + 1));
  need(content.get("account") === hex(account));
}

const stateKey = (key, salt, account) => committed(key, salt, concat(ascii("CV1 state key\0"), account));

export function sealState(content, account, key, salt) {
  const derived = stateKey(key, salt, account);
  const head = concat(ascii("CVS1"), u8(1), zeros(3), salt, derived.commitment);
  return concat(head, derived.seal(pad(content, bucket(content.length + 1)), head));
}

export function openState(raw, account, key) {
  if (raw.length < 64 || !equal(raw.slice(0, 8), concat(ascii("CVS1"), u8(1), zeros(3)))) refuse("ContentShapeError");
  const derived = stateKey(key, raw.slice(8, 32), account);
  derived.require(raw.slice(32, 64), "CommitmentError");
  return unpad(derived.open(raw.slice(64), raw.slice(0, 64)), bucket);
}
