// Keys, ids, signatures, safety numbers and typed codes (docs/protocol.md sections 2, 3 and 12).
import sodium from "libsodium-wrappers-sumo";
import { ascii, concat, hex, hmac, refuse, sha256, sha512, u8 } from "./bytes.mjs";
import { XWing } from "@hpke/hybridkem-x-wing";

await sodium.ready;
const P = 2n ** 255n - 19n;

export const accountOf = (signPublic) => sha256(ascii("CV1 account\0"), signPublic);
export const keyId = (algorithm, publicKey) => sha256(ascii("CV1 key\0"), u8(algorithm), publicKey).slice(0, 16);
export const signPublic = (seed) => sodium.crypto_sign_seed_keypair(seed).publicKey;
export const sign = (seed, message) => sodium.crypto_sign_detached(message, sodium.crypto_sign_seed_keypair(seed).privateKey);

export async function sealPublic(seed) {
  const kem = new XWing();
  const pair = await kem.generateKeyPairDerand(seed);
  return new Uint8Array(await kem.serializePublicKey(pair.publicKey));
}

const isPoint = (bytes) => bytes.length === 32 && sodium.crypto_core_ed25519_is_valid_point(bytes);

export function requireSignKey(publicKey) {
  if (!isPoint(publicKey)) refuse("InvalidKeyError");
}

export function verify(publicKey, message, signature) {
  const good = signature.length === 64 && isPoint(publicKey) && isPoint(signature.slice(0, 32)) &&
    sodium.crypto_sign_verify_detached(signature, message, publicKey);
  if (!good) refuse("SignatureError");
}

const little = (bytes) => BigInt("0x" + hex(Uint8Array.from(bytes).reverse()));

function power(base, exponent) {
  let result = 1n;
  for (let left = exponent, square = base % P; left > 0n; left >>= 1n, square = square * square % P) {
    if (left & 1n) result = result * square % P;
  }
  return result;
}

export function isPrimeOrderX25519(bytes) {
  const u = little(bytes);
  if (bytes.length !== 32 || u >= P - 1n) return false;
  const y = (u - 1n + P) * power(u + 1n, P - 2n) % P;
  return isPoint(Uint8Array.from(Buffer.from(y.toString(16).padStart(64, "0"), "hex")).reverse());
}

export function requireSealKey(publicKey) {
  if (publicKey.length !== 1216) refuse("InvalidKeyError");
  for (let at = 0; at < 1152; at += 3) {
    const [low, middle, high] = publicKey.slice(at, at + 3);
    if ((low | (middle & 15) << 8) >= 3329 || (middle >> 4 | high << 4) >= 3329) refuse("InvalidKeyError");
  }
  if (!isPrimeOrderX25519(publicKey.slice(1184))) refuse("InvalidKeyError");
}

export const invitationMac = (secret, to, by) => hmac(secret, ascii("CV1 invitation\0"), to, by);

export function safetyNumber(one, other) {
  const half = ({ publicKey, account }) => {
    let digest = concat(ascii("CV1 safety number\0"), publicKey, account);
    for (let round = 0; round < 5200; round += 1) digest = sha512(digest, publicKey);
    const groups = [0, 5, 10, 15, 20, 25].map((at) => BigInt("0x" + hex(digest.slice(at, at + 5))) % 100000n);
    return groups.map((group) => String(group).padStart(5, "0")).join("");
  };
  const digits = [half(one), half(other)].sort().join("");
  return { digits, wordIndices: digits.match(/.{5}/g).map((group) => Number(group) % 2048), qr: `CV1:${digits}` };
}

const SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHECKS = `${SYMBOLS}*~$=U`;
const SECRETS = { CVKIT: 32, CVREC: 32, CVINV: 16 };
const tidy = (text) => text.replace(/[\s\p{Pd}]/gu, "").toUpperCase().replace(/O/g, "0").replace(/[IL]/g, "1");

export function writeCode(prefix, account, secret) {
  const block = (bytes) => {
    const number = BigInt("0x" + hex(bytes));
    const count = Math.ceil(bytes.length * 8 / 5);
    const shifted = number << BigInt(count * 5 - bytes.length * 8);
    let text = "";
    for (let place = count - 1; place >= 0; place -= 1) text += SYMBOLS[Number(shifted >> BigInt(5 * place) & 31n)];
    return text.match(/.{1,4}/g).join("-") + CHECKS[Number(number % 37n)];
  };
  return [prefix, block(account), block(secret)].join("-");
}

export function readCode(text, prefix) {
  let symbols = tidy(text);
  if (!symbols.startsWith(tidy(prefix))) refuse("CodeError");
  symbols = symbols.slice(prefix.length);
  const first = 53;
  const second = Math.ceil(SECRETS[prefix] * 8 / 5) + 1;
  if (symbols.length !== first + second) refuse("CodeError");
  return { account: readBlock(symbols.slice(0, first), 32), secret: readBlock(symbols.slice(first), SECRETS[prefix]) };
}

function readBlock(symbols, size) {
  let shifted = 0n;
  for (const symbol of symbols.slice(0, -1)) {
    const value = SYMBOLS.indexOf(symbol);
    if (value < 0) refuse("CodeError");
    shifted = shifted << 5n | BigInt(value);
  }
  const spare = BigInt((symbols.length - 1) * 5 - size * 8);
  const number = shifted >> spare;
  if (number << spare !== shifted || symbols.at(-1) !== CHECKS[Number(number % 37n)]) refuse("CodeError");
  return Uint8Array.from(Buffer.from(number.toString(16).padStart(size * 2, "0"), "hex"));
}
