import { invariant } from "../errors.ts";

/** What is ever signed or hashed with a domain: nothing signed as one kind can be presented as another. */
export const MESSAGE_KINDS = ["tx", "docket", "vote", "checkpoint", "attestation", "grant", "peer"] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

const encoder = new TextEncoder();
const PREFIXES: ReadonlyMap<MessageKind, Uint8Array> = new Map(
  MESSAGE_KINDS.map((kind) => [kind, encoder.encode(`strongroom/${kind}/v1\n`)]),
);

/** The bytes to sign or to hash: `strongroom/<kind>/v1`, a line feed, and the content unchanged. */
export function domainSeparated(kind: MessageKind, content: Uint8Array): Uint8Array {
  const prefix = PREFIXES.get(kind);
  invariant(prefix, "a message has a registered kind");
  const message = new Uint8Array(prefix.length + content.length);
  message.set(prefix);
  message.set(content, prefix.length);
  return message;
}
