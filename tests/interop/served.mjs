// Verifies receipts that a real server has answered with (docs/protocol.md section 10): JSON on standard input.
import { readFileSync } from "node:fs";
import { fromHex } from "./bytes.mjs";
import { leafEntry, leafParts, readKey, verifyReceipt } from "./log.mjs";

const { log_key: logKey, served } = JSON.parse(readFileSync(0, "utf8"));

function partsOf({ leaf, journal }) {
  if (leaf) return { tag: fromHex(leaf.tag, 32), statementBlind: fromHex(leaf.blind, 32), b: fromHex(leaf.half, 32) };
  const { kind, subject, salt, seq, head } = journal;
  const bytes = fromHex(subject, subject.length / 2);
  return leafParts({ kind, subject: bytes, salt: fromHex(salt, 32), seq, head: fromHex(head, 32) });
}

const found = served.map((one) => {
  const entry = leafEntry(partsOf(one), one.time, fromHex(one.statement, 32));
  const { index, size } = verifyReceipt(one.receipt, entry, readKey(logKey), null);
  return [index, size];
});
console.log(JSON.stringify(found));
