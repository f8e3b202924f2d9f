// Attachments: sealed streams (docs/protocol.md section 7).
import sodium from "libsodium-wrappers-sumo";
import { ascii, concat, equal, fromHex, hkdf, refuse, sha256, u32, u64, u8, zeros } from "./bytes.mjs";
import { bucket, KINDS } from "./formats.mjs";

await sodium.ready;
const CHUNK = 65536;
const OVERHEAD = 17;
const MESSAGE = 0;
const FINAL = 3;

function derive(context, contentKey, salt, padded) {
  const digest = sha256(u8(1), u8(KINDS[context.kind]), fromHex(context.engagement, 16), fromHex(context.item, 16),
    fromHex(context.attachment, 16), u64(padded), u32(CHUNK));
  const okm = hkdf(contentKey, salt, concat(ascii("CV1 attachment key\0"), digest), 64);
  return { key: okm.slice(0, 32), commitment: okm.slice(32) };
}

const start = (context) => concat(ascii("CVA1"), u8(1), u8(KINDS[context.kind]), zeros(2));

// With a given stream header: the state that opens a stream is the state that seals it.
export function sealAttachment(context, contentKey, salt, content, header) {
  const padded = bucket(content.length + 1);
  const { key, commitment } = derive(context, contentKey, salt, padded);
  const head = concat(start(context), salt, commitment);
  const plaintext = concat(content, u8(0x80), zeros(padded - content.length - 1));
  const state = sodium.crypto_secretstream_xchacha20poly1305_init_pull(header, key);
  const parts = [head, header];
  for (let at = 0; at < padded; at += CHUNK) {
    const tag = at + CHUNK < padded ? MESSAGE : FINAL;
    parts.push(sodium.crypto_secretstream_xchacha20poly1305_push(state, plaintext.slice(at, at + CHUNK), head, tag));
  }
  return concat(...parts);
}

export function openAttachment(context, contentKey, ref, size, stored) {
  const sealed = ref.size - 88;
  const padded = sealed - Math.ceil(sealed / (CHUNK + OVERHEAD)) * OVERHEAD;
  if (padded !== bucket(size + 1)) refuse("PaddingError");
  let at = 0;
  const take = (length) => {
    if (stored.length - at < length) refuse("TruncationError");
    at += length;
    return stored.slice(at - length, at);
  };
  const head = take(64);
  if (!equal(head.slice(0, 8), start(context))) refuse("ContentShapeError");
  const { key, commitment } = derive(context, contentKey, head.slice(8, 32), padded);
  if (!equal(head.slice(32), commitment)) refuse("CommitmentError");
  const state = sodium.crypto_secretstream_xchacha20poly1305_init_pull(take(24), key);
  const plaintext = [];
  for (let done = 0; done < padded; done += CHUNK) {
    const length = Math.min(CHUNK, padded - done);
    const chunk = sodium.crypto_secretstream_xchacha20poly1305_pull(state, take(length + OVERHEAD), head);
    if (chunk === false) refuse("AeadError");
    if (chunk.tag !== (done + length === padded ? FINAL : MESSAGE)) refuse("TruncationError");
    plaintext.push(chunk.message);
  }
  if (at !== stored.length) refuse("TruncationError");
  const whole = concat(...plaintext);
  if (whole[size] !== 0x80 || whole.slice(size + 1).some((byte) => byte !== 0)) refuse("PaddingError");
  if (!equal(sha256(stored), fromHex(ref.sha256, 32)) || stored.length !== ref.size) refuse("BlobHashError");
  return whole.slice(0, size);
}
