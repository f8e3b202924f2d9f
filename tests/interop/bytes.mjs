// Bytes and their spellings: one accepted spelling a value (docs/protocol.md section 12), and the hashes.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

export class Refusal extends Error {
  constructor(name) {
    super(name);
    this.name = name;
  }
}

export function refuse(name) {
  throw new Refusal(name);
}

export const concat = (...parts) => Uint8Array.from(Buffer.concat(parts.map((part) => Buffer.from(part))));
export const ascii = (text) => Uint8Array.from(Buffer.from(text, "latin1"));
export const utf8 = (text) => Uint8Array.from(Buffer.from(text, "utf8"));
export const hex = (bytes) => Buffer.from(bytes).toString("hex");
export const base64 = (bytes) => Buffer.from(bytes).toString("base64");
export const zeros = (count) => new Uint8Array(count);
export const ZERO32 = zeros(32);

export const equal = (left, right) => left.length === right.length && timingSafeEqual(left, right);

export function u8(value) {
  return Uint8Array.of(value);
}

export function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return Uint8Array.from(bytes);
}

export function u64(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return Uint8Array.from(bytes);
}

export function fromHex(text, size, error = "EncodingError") {
  if (typeof text !== "string" || !/^[0-9a-f]*$/.test(text) || text.length !== 2 * size) refuse(error);
  return Uint8Array.from(Buffer.from(text, "hex"));
}

export function fromBase64(text, size, error = "EncodingError") {
  if (typeof text !== "string") refuse(error);
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  if (base64(bytes) !== text || (size !== undefined && bytes.length !== size)) refuse(error);
  return bytes;
}

export const sha256 = (...parts) => Uint8Array.from(createHash("sha256").update(concat(...parts)).digest());
export const sha512 = (...parts) => Uint8Array.from(createHash("sha512").update(concat(...parts)).digest());
export const hmac = (key, ...parts) => Uint8Array.from(createHmac("sha256", key).update(concat(...parts)).digest());

export function hkdf(ikm, salt, info, size) {
  const key = hmac(salt, ikm);
  let block = zeros(0);
  let output = zeros(0);
  for (let counter = 1; output.length < size; counter += 1) {
    block = hmac(key, block, info, u8(counter));
    output = concat(output, block);
  }
  return output.slice(0, size);
}
