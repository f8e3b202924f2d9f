// Make one seal with given randomness: JSON on standard input, base64 on standard output. Used when vectors are made anew.
import { readFileSync } from "node:fs";
import { sealContentKey } from "./seals.mjs";

const question = JSON.parse(readFileSync(0, "utf8"));
const bytes = (text) => Uint8Array.from(Buffer.from(text, "hex"));
const seal = await sealContentKey(
  bytes(question.content_key), bytes(question.info), bytes(question.public), bytes(question.ekm));
process.stdout.write(Buffer.from(seal).toString("base64") + "\n");
