import { invariant } from "../errors.ts";
import { utf8 } from "./byte-text.ts";
import { sha256 } from "./sha256.ts";

/** What is ever signed or hashed with a domain: nothing signed as one kind can be presented as another. */
export const MESSAGE_KINDS = [
  "register",
  "tx",
  "docket",
  "vote",
  "checkpoint",
  "attestation",
  "grant",
  "peer",
] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

const PREFIXES: ReadonlyMap<MessageKind, Uint8Array> = new Map(
  MESSAGE_KINDS.map((kind) => [kind, utf8(`strongroom/${kind}/v1\n`)]),
);

/** The bytes to sign: `strongroom/<kind>/v1`, a line feed, and the content unchanged. */
export function domainSeparated(kind: MessageKind, content: Uint8Array): Uint8Array {
  const prefix = prefixOf(kind);
  const message = new Uint8Array(prefix.length + content.length);
  message.set(prefix);
  message.set(content, prefix.length);
  return message;
}

/** The SHA-256 of `domainSeparated`: 32 bytes. */
export function domainHash(kind: MessageKind, content: Uint8Array): Uint8Array {
  return sha256(prefixOf(kind), content);
}

function prefixOf(kind: MessageKind): Uint8Array {
  const prefix = PREFIXES.get(kind);
  invariant(prefix, "a message has a registered kind");
  return prefix;
}
