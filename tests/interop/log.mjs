// The transparency log: leaves, trees, signed notes, checkpoints, cosignatures and receipts (docs/protocol.md section 10).
import { ascii, base64, concat, equal, fromBase64, fromHex, hex, hmac, refuse, sha256, u64, u8, utf8,
} from "./bytes.mjs";
import * as identity from "./identity.mjs";

const JOURNALS = { keys: 1, keyring: 2, engagement: 3, escalations: 4, deployment: 5 };

export function leafParts({ kind, subject, salt, seq, head }) {
  const blind = (text) => hmac(salt, ascii("CV1 leaf blind\0"), u8(JOURNALS[kind]), u64(seq), ascii(text));
  const isPublic = kind === "keys" || kind === "deployment";
  return {
    tag: isPublic ? sha256(ascii("CV1 leaf tag\0"), subject) : blind("tag"),
    statementBlind: blind("statement"),
    b: sha256(ascii("CV1 leaf head\0"), blind("head"), u64(seq), head),
  };
}

// What a sponsor can do as well: the parts are given, place and head are not needed.
export function leafEntry({ tag, statementBlind, b }, time, statement) {
  const a = sha256(ascii("CV1 leaf statement\0"), statementBlind, u64(time), statement);
  return concat(tag, sha256(ascii("CV1 leaf\0"), a, b));
}

export const leafHash = (entry) => sha256(u8(0), entry);
const nodeHash = (left, right) => sha256(u8(1), left, right);

export function treeRoot(hashes) {
  if (hashes.length === 0) return sha256();
  if (hashes.length === 1) return hashes[0];
  let left = 1;
  while (left * 2 < hashes.length) left *= 2;
  return nodeHash(treeRoot(hashes.slice(0, left)), treeRoot(hashes.slice(left)));
}

const half = (number) => Math.floor(number / 2);
const isOdd = (number) => number % 2 === 1;

function verifyInclusion(leaf, index, size, root, proof) {
  let [place, last, hash] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0) refuse("InclusionError");
    if (isOdd(place) || place === last) {
      hash = nodeHash(sibling, hash);
      while (!isOdd(place) && place > 0) [place, last] = [half(place), half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [place, last] = [half(place), half(last)];
  }
  if (last !== 0 || !equal(hash, root)) refuse("InclusionError");
}

export function verifyConsistency(old, oldRoot, size, root, proof) {
  const no = () => refuse("ConsistencyError");
  if (old > size || (old === size && !equal(oldRoot, root)) || (old === 0 && !equal(oldRoot, sha256()))) no();
  if (old === 0 || old === size) return proof.length === 0 ? undefined : no();
  if (proof.length === 0) no();
  const hashes = Number.isInteger(Math.log2(old)) ? [oldRoot, ...proof] : [...proof];
  let [place, last] = [old - 1, size - 1];
  while (isOdd(place)) [place, last] = [half(place), half(last)];
  let [first, second] = [hashes[0], hashes[0]];
  for (const sibling of hashes.slice(1)) {
    if (last === 0) no();
    if (isOdd(place) || place === last) {
      [first, second] = [nodeHash(sibling, first), nodeHash(sibling, second)];
      while (!isOdd(place) && place > 0) [place, last] = [half(place), half(last)];
    } else {
      second = nodeHash(second, sibling);
    }
    [place, last] = [half(place), half(last)];
  }
  if (last !== 0 || !equal(first, oldRoot) || !equal(second, root)) no();
}

function integer(text, error) {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text) || Number(text) > Number.MAX_SAFE_INTEGER) refuse(error);
  return Number(text);
}

export function readKey(text) {
  const [, name, id, material] = /^([^+\s]+)\+([0-9a-f]{8})\+(.+)$/u.exec(text) ?? refuse("NoteError");
  const raw = fromBase64(material, 33, "NoteError");
  const key = { name, id: fromHex(id, 4), kind: raw[0], publicKey: raw.slice(1) };
  if (!equal(key.id, sha256(utf8(name), ascii("\n"), raw).slice(0, 4))) refuse("NoteError");
  return key;
}

function readNote(text) {
  const at = text.lastIndexOf("\n\n");
  if (at < 0 || /[\0-\x09\x0b-\x1f]/.test(text) || !text.endsWith("\n")) refuse("NoteError");
  const signatures = text.slice(at + 2, -1).split("\n").map((line) => {
    const [, name, encoded] = /^\u2014 ([^+\s]+) (\S+)$/u.exec(line) ?? refuse("NoteError");
    const raw = fromBase64(encoded, undefined, "NoteError");
    if (raw.length < 5) refuse("NoteError");
    return { name, id: raw.slice(0, 4), signature: raw.slice(4) };
  });
  return { text: text.slice(0, at + 1), signatures };
}

function readCheckpoint(text) {
  const note = readNote(text);
  const lines = note.text.split("\n");
  if (lines.length !== 4 || lines[0] === "") refuse("CheckpointError");
  const [size, root] = [integer(lines[1], "CheckpointError"), fromBase64(lines[2], 32, "CheckpointError")];
  return { ...note, origin: lines[0], size, root };
}

const by = (key) => (one) => one.name === key.name && equal(one.id, key.id);

function verifyLog(checkpoint, key) {
  const own = checkpoint.signatures.filter(by(key));
  if (checkpoint.origin !== key.name || own.length === 0) refuse("SignatureError");
  for (const one of own) identity.verify(key.publicKey, utf8(checkpoint.text), one.signature);
}

function cosignedTimes(checkpoint, key) {
  return checkpoint.signatures.filter(by(key)).map(({ signature }) => {
    const time = BigInt(`0x0${hex(signature.slice(0, 8))}`);
    if (time === 0n || time >= 2n ** 63n) refuse("SignatureError");
    identity.verify(key.publicKey, utf8(`cosignature/v1\ntime ${time}\n${checkpoint.text}`), signature.slice(8));
    return Number(time);
  });
}

// Returns {index, size, times}: where the entry stands, and when the witness cosigned.
export function verifyReceipt(text, entry, logKey, witnessKey) {
  const at = text.indexOf("\n\n");
  const [version, index, ...rest] = text.slice(0, at).split("\n");
  if (at < 0 || version !== "c2sp.org/tlog-proof@v1" || !index?.startsWith("index ")) refuse("TlogProofError");
  const place = integer(index.slice(6), "TlogProofError");
  const proof = rest.map((line) => fromBase64(line, 32, "TlogProofError"));
  const checkpoint = readCheckpoint(text.slice(at + 2));
  if (place >= checkpoint.size) refuse("TlogProofError");
  verifyLog(checkpoint, logKey);
  verifyInclusion(leafHash(entry), place, checkpoint.size, checkpoint.root, proof);
  return { index: place, size: checkpoint.size, times: cosignedTimes(checkpoint, witnessKey) };
}

// The note of a checkpoint, made again: Ed25519 has one signature for one key and text.
export function signCheckpoint(origin, size, root, seed) {
  const text = `${origin}\n${size}\n${base64(root)}\n`;
  const id = sha256(utf8(origin), ascii("\n"), u8(1), identity.signPublic(seed)).slice(0, 4);
  return `${text}\n\u2014 ${origin} ${base64(concat(id, identity.sign(seed, utf8(text))))}\n`;
}
