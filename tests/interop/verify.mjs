// Open and verify every vector, make again what can be made, and refuse every negative one, by docs/protocol.md alone.
//
//   node verify.mjs [FOLDER]      prints one JSON object {"checked": {file: count}}; exits with 1 at the first failure
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { openAttachment, sealAttachment } from "./attachments.mjs";
import { ascii, base64, concat, equal, fromBase64, fromHex, hex, hmac, refuse, Refusal, sha256, u64, u8, utf8, ZERO32,
} from "./bytes.mjs";
import * as formats from "./formats.mjs";
import * as identity from "./identity.mjs";
import * as log from "./log.mjs";
import { readBody, readEnvelope, signedBytes, statementId } from "./schema.mjs";
import { openContentKey, sealContentKey } from "./seals.mjs";

const folder = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), "..", "vectors");
const load = (name) => JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
const h = (text, size = text.length / 2) => fromHex(text, size);
const b = (text) => fromBase64(text);

let where = "";
const checked = {};
function count(file, name) {
  where = `${file}: ${name}`;
  checked[file] = (checked[file] ?? 0) + 1;
}
function same(left, right, what) {
  const spell = (value) => (value instanceof Uint8Array ? hex(value) : JSON.stringify(value));
  if (spell(left) !== spell(right)) throw new Error(`expected the same ${what}`);
}
async function refuses(file, vector, act) {
  count(file, `refused, ${vector.name}`);
  let raised = null;
  try {
    await act();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    raised = error.name;
  }
  if (raised !== vector.error) throw new Error(`expected ${vector.error}, was ${raised ?? "accepted"}`);
}

const people = Object.fromEntries(load("people").people.map((one) => [one.name, one]));
const first = (name) => people[name].generations[0];

async function checkPeople() {
  const { safety_numbers, invitations } = load("people");
  for (const one of Object.values(people)) {
    count("people", one.name);
    same(identity.accountOf(b(first(one.name).sign_public)), h(one.account), "account");
    for (const generation of one.generations) {
      const [sign, seal] = [identity.signPublic(h(generation.sign_seed)), await identity.sealPublic(h(generation.seal_seed))];
      same(sign, b(generation.sign_public), "sign key");
      same(seal, b(generation.seal_public), "seal key");
      same([1, 2].map((n) => hex(identity.keyId(n, n === 1 ? sign : seal))), [generation.sign_key, generation.seal_key], "ids");
      identity.requireSignKey(sign);
      identity.requireSealKey(seal);
    }
  }
  for (const one of safety_numbers) {
    count("people", `safety number of ${one.one} and ${one.other}`);
    const side = (name) => ({ publicKey: b(first(name).sign_public), account: h(people[name].account) });
    const number = identity.safetyNumber(side(one.one), side(one.other));
    same([number.digits, number.wordIndices, number.qr], [one.digits, one.word_indices, one.qr_text], "safety number");
  }
  for (const one of invitations) {
    count("people", "invitation");
    same(identity.invitationMac(h(one.secret), h(one.to), h(one.by)), h(one.mac), "mac");
  }
  for (const one of load("keys").refused) {
    await refuses("keys", one, () => identity[one.algorithm === 1 ? "requireSignKey" : "requireSealKey"](b(one.public)));
  }
}

async function checkCodes() {
  const { codes, refused } = load("codes");
  for (const one of codes) {
    count("codes", one.name);
    same(identity.writeCode(one.prefix, h(one.account), h(one.secret)), one.text, "text");
    for (const text of [one.text, ...one.typed]) {
      const code = identity.readCode(text, one.prefix);
      same([hex(code.account), hex(code.secret)], [one.account, one.secret], "code");
    }
  }
  for (const one of refused) await refuses("codes", one, () => identity.readCode(one.text, one.prefix));
}

async function checkSignatures() {
  const { accepted, refused } = load("signatures");
  for (const one of accepted) {
    count("signatures", "accepted");
    identity.verify(b(one.public), h(one.message), b(one.sig));
  }
  for (const one of refused) {
    await refuses("signatures", one, () => identity.verify(b(one.public), h(one.message), b(one.sig)));
  }
}

const statements = new Map();

async function checkStatements() {
  const seeds = Object.values(people).flatMap((one) => one.generations.map((g) => [g.sign_public, h(g.sign_seed)]));
  seeds.push(...load("slots").slots.map((one) => [one.fetch_public, h(one.fetch_seed)]));
  const seedOf = new Map(seeds);
  for (const one of load("statements").statements) {
    count("statements", one.name);
    const envelope = readEnvelope(utf8(JSON.stringify(one.envelope)));
    const message = signedBytes(envelope.type, envelope.payload);
    same(message, ascii(one.signed_bytes), "signed bytes");
    same(envelope.signatures.length, one.publics.length, "number of signatures");
    one.publics.forEach((publicKey, index) => {
      identity.verify(b(publicKey), message, envelope.signatures[index]);
      same(identity.sign(seedOf.get(publicKey), message), envelope.signatures[index], "signature");
    });
    const body = readBody(envelope.payload, one.type);
    same(identity.keyId(1, b(one.publics[0])), h(body.get("key")), "key");
    same(statementId(envelope.type, envelope.payload), h(one.id), "id");
    statements.set(one.name, { type: one.type, body, id: one.id });
  }
  const { signed_with, refused, refused_envelopes } = load("payloads");
  for (const one of refused) {
    const payload = b(one.payload);
    identity.verify(b(first(signed_with).sign_public), signedBytes(one.type, payload), b(one.sig));
    await refuses("payloads", one, () => readBody(payload, one.type));
  }
  for (const one of refused_envelopes) await refuses("payloads", one, () => readEnvelope(b(one.envelope)));
}

function checkJournals() {
  const kinds = { keys: 1, keyring: 2, engagement: 3, escalations: 4, deployment: 5 };
  for (const journal of load("journals").journals) {
    const salt = h(journal.salt);
    const subject = concat(h(journal.subject), new Uint8Array(32 - journal.subject.length / 2));
    const seen = (n, head) => hex(hmac(salt, ascii("CV1 seen\0"), u64(n), head));
    const after = (id) => hex(hmac(salt, ascii("CV1 after\0"), id));
    same(sha256(ascii("CV1 salt\0"), salt), h(journal.salt_sha256), "salt_sha256");
    same(subject, h(journal.subject32), "subject32");
    same(journal.start, {
      seen: seen(0, ZERO32), after_with_salt: after(ZERO32), after_without_salt: hex(ZERO32) }, "start");
    let head = ZERO32;
    const newest = new Map();
    for (const entry of journal.entries) {
      count("journals", `${journal.kind}, ${entry.name}`);
      const { body, id } = statements.get(entry.name);
      same(id, entry.statement, "statement");
      const previous = newest.get(body.get("by")) ?? ZERO32;
      const salted = body.get("seen") !== null;
      if (salted) same(body.get("seen"), seen(entry.seq - 1, head), "seen of the payload");
      same(body.get("after"), salted ? after(previous) : hex(previous), "after of the payload");
      head = sha256(ascii("CV1 journal\0"), u8(kinds[journal.kind]), subject, u64(entry.seq), u64(entry.time), head, h(id));
      same(head, h(entry.head), "head");
      same([seen(entry.seq, head), after(h(id))], [entry.seen, entry.after_with_salt], "marks");
      newest.set(body.get("by"), h(id));
    }
  }
}

async function checkLog() {
  const hashes = [];
  const parts = (one) => ({ tag: h(one.tag), statementBlind: h(one.statement_blind), b: h(one.b) });
  for (const one of load("leaves").leaves) {
    count("leaves", one.name);
    const { kind, seq, time } = one;
    const made = log.leafParts({ kind, subject: h(one.subject), salt: h(one.salt), seq, head: h(one.head) });
    for (const [name, value] of Object.entries(parts(one))) same(made[name], value, name);
    same(statements.get(one.name).id, one.statement, "statement");
    same(log.leafEntry(parts(one), time, h(one.statement)), h(one.entry), "entry");
    same(log.leafHash(h(one.entry)), h(one.leaf_hash), "leaf hash");
    hashes.push(h(one.leaf_hash));
  }
  const vectors = load("receipts");
  const roots = new Map();
  for (const one of vectors.trees) {
    count("receipts", `tree of ${one.size}`);
    same(log.treeRoot(hashes.slice(0, one.size)), h(one.root), "root");
    roots.set(one.size, h(one.root));
  }
  const [logKey, witnessKey] = [log.readKey(vectors.log_key), log.readKey(vectors.witness_key)];
  const verify = (one) => log.verifyReceipt(one.text, h(one.entry), logKey, witnessKey);
  for (const one of vectors.receipts) {
    count("receipts", one.name);
    same(verify(one), { index: one.index, size: one.size, times: one.cosigned }, "place");
    const made = log.signCheckpoint(vectors.origin, one.size, roots.get(one.size), h(vectors.log_seed));
    same(one.text.includes(`\n\n${made}`), true, "checkpoint");
  }
  const grow = (one) => log.verifyConsistency(one.old, roots.get(one.old), one.new, roots.get(one.new), one.proof.map((p) => h(p)));
  for (const one of vectors.consistency) {
    count("receipts", one.name);
    grow(one);
  }
  for (const one of vectors.refused) await refuses("receipts", one, () => verify(one));
  for (const one of vectors.refused_consistency) await refuses("receipts", one, () => grow(one));
}

async function checkBlobsAndSeals() {
  const { buckets, not_buckets } = load("padding");
  for (const one of buckets) {
    count("padding", one.length);
    same(formats.bucket(one.length), one.bucket, "bucket");
  }
  for (const length of not_buckets) {
    count("padding", length);
    same(formats.isBucket(length), false, "answer");
  }
  const files = { blobs: load("blobs"), seals: load("seals") };
  const blobs = new Map(files.blobs.blobs.map((one) => [one.statement, one]));
  for (const [name, one] of blobs) {
    count("blobs", name);
    const { type, body } = statements.get(name);
    const context = formats.blobContext(type, body);
    same({ ...context, digest: hex(formats.blobDigest(context)) }, one.context, "context");
    const reference = body.get(type === "contract" ? "text" : "blob");
    const blob = b(one.blob);
    formats.requireBlobHash({ sha256: reference.get("sha256"), size: reference.get("size") }, blob);
    const content = formats.openBlob(context, h(one.content_key), blob);
    same([content.header, content.body].map(hex), [hex(utf8(one.header)), hex(b(one.body))], "content");
    same(formats.sealBlob(context, h(one.content_key), h(one.salt), content.header, content.body), blob, "blob");
  }
  for (const one of files.seals.seals) {
    count("seals", `${one.statement} to ${one.recipient}`);
    const { type, body } = statements.get(one.statement);
    const source = statements.get(one.blob_of);
    const reference = body.get("seals").find((seal) => seal.get("account") === people[one.recipient].account);
    const context = {
      purpose: type === "reseal" ? "item" : type,
      blob: formats.blobContext(source.type, source.body),
      sender: body.get("by"),
      recipient: reference.get("account"),
      recipient_key: reference.get("key"),
      blob_sha256: source.body.get(source.type === "contract" ? "text" : "blob").get("sha256"),
    };
    const info = formats.sealInfo(context);
    same(info, h(one.context.info), "info");
    same(info.length, 195, "length of info");
    const seal = b(one.seal);
    requireSealHash({ sha256: reference.get("sha256") }, seal);
    same(await openSeal(seal, context, h(first(one.recipient).seal_seed)), h(one.content_key), "content key");
    if (one.ekm !== null) {
      const again = await sealContentKey(h(one.content_key), info, b(first(one.recipient).seal_public), h(one.ekm));
      same(again, seal, "seal");
    }
  }
  for (const one of files.blobs.refused) {
    await refuses("blobs", one, () => formats.openBlob(one.context, h(one.content_key), b(one.blob)));
  }
  for (const one of files.blobs.refused_by_hash) {
    await refuses("blobs", one, () => formats.requireBlobHash(one, b(one.blob)));
  }
  for (const one of files.seals.refused) {
    await refuses("seals", one, () => openSeal(b(one.seal), one.context, h(one.seal_seed)));
  }
  for (const one of files.seals.refused_by_hash) await refuses("seals", one, () => requireSealHash(one, b(one.seal)));
}

function requireSealHash(reference, seal) {
  if (!equal(sha256(seal), h(reference.sha256))) refuse("SealHashError");
}

async function openSeal(seal, context, seed) {
  const shaped = seal.length === 1168 && identity.isPrimeOrderX25519(seal.slice(1088, 1120));
  const own = hex(identity.keyId(2, await identity.sealPublic(seed)));
  if (!shaped || own !== context.recipient_key) refuse("SealContextError");
  try {
    return await openContentKey(seal, formats.sealInfo(context), seed);
  } catch {
    return refuse("SealContextError");
  }
}

async function checkRecovery() {
  const { slots, fakes, refused_headers, refused } = load("slots");
  for (const one of slots) {
    count("slots", `kind ${one.kind} of sequence ${one.sequence}`);
    const head = formats.slotHeader({
      kind: one.kind, account: h(one.account), salt: h(one.salt), passes: one.passes, memory: one.memory_kib });
    same(head, h(one.header), "header");
    const header = formats.readSlotHeader(head, h(one.account), one.kind);
    const kit = one.kit === null ? null : h(one.kit);
    const ikm = one.recovery === null ? formats.passphraseIkm(header, one.passphrase, kit) : h(one.recovery);
    same(ikm, h(one.ikm), "ikm");
    const seed = formats.fetchSeed(ikm, head);
    same([hex(seed), base64(identity.signPublic(seed))], [one.fetch_seed, one.fetch_public], "fetch key");
    same(formats.sealSlot(head, ikm, h(one.keyring_key), h(one.keyring_sha256)), b(one.slot), "slot");
    same(formats.openSlot(b(one.slot), ikm, h(one.keyring_sha256)), h(one.keyring_key), "keyring key");
  }
  for (const one of fakes) {
    count("slots", `fake of kind ${one.kind}`);
    const salt = hmac(h(one.server_secret), h(one.account), u8(one.kind)).slice(0, 16);
    const parameters = { kind: one.kind, account: h(one.account), salt, passes: 3, memory: 262144 };
    same(formats.slotHeader(parameters), h(one.header), "fake header");
  }
  for (const one of refused_headers) {
    await refuses("slots", one, () => formats.readSlotHeader(h(one.header), h(one.account), one.kind));
  }
  for (const one of refused) {
    await refuses("slots", one, () => formats.openSlot(b(one.slot), h(one.ikm), h(one.keyring_sha256)));
  }

  const vectors = load("keyrings");
  const account = h(vectors.account);
  for (const one of vectors.keyrings) {
    count("keyrings", `sequence ${one.sequence}`);
    const [key, content] = [h(one.keyring_key), utf8(one.content)];
    same(formats.openKeyring(b(one.keyring), account, one.sequence, key), content, "content");
    same(formats.sealKeyring(content, account, one.sequence, key, h(one.salt)), b(one.keyring), "keyring");
  }
  for (const one of vectors.states) {
    count("keyrings", "state file");
    const [key, content] = [h(one.keyring_key), utf8(one.content)];
    same(formats.openState(b(one.state), account, key), content, "content");
    same(formats.sealState(content, account, key, h(one.salt)), b(one.state), "state file");
  }
  for (const one of vectors.refused) {
    await refuses("keyrings", one,
      () => formats.openKeyring(b(one.keyring), h(one.account), one.sequence, h(one.keyring_key)));
  }
  for (const one of vectors.refused_states) {
    await refuses("keyrings", one, () => formats.openState(b(one.state), h(one.account), h(one.keyring_key)));
  }
}

async function checkAttachments() {
  const vectors = load("attachments");
  const [key, salt] = [h(vectors.content_key), h(vectors.salt)];
  const pattern = (size) => Uint8Array.from({ length: size }, (_, index) => index % 251);
  for (const one of vectors.attachments) {
    count("attachments", one.name);
    const stored = b(one.stored);
    const content = openAttachment(vectors.context, key, one, one.size_of_content, stored);
    same(sha256(content), h(one.content_sha256), "content");
    const again = sealAttachment(vectors.context, key, salt, pattern(one.size_of_content), h(one.stream_header));
    same(sha256(again), h(one.sha256), "attachment");
  }
  const whole = b(vectors.attachments.find((one) => one.name === "three chunks").stored);
  for (const one of vectors.refused) {
    const stored = whole.slice();
    if (one.flip_lowest_bit_at !== null) stored[one.flip_lowest_bit_at] ^= 1;
    const pieces = concat(...one.pieces.map(([from, to]) => stored.slice(from, to)));
    await refuses("attachments", one, () => openAttachment(vectors.context, key, one, one.size_of_content, pieces));
  }
}

try {
  await checkPeople();
  await checkCodes();
  await checkSignatures();
  await checkStatements();
  checkJournals();
  await checkLog();
  await checkBlobsAndSeals();
  await checkRecovery();
  await checkAttachments();
} catch (error) {
  console.error(`${where}: ${error.message}`);
  if (!(error instanceof Refusal)) console.error(error.stack);
  process.exit(1);
}
console.log(JSON.stringify({ checked }));
