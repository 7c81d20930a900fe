const ERROR_RESPONSE = "E".charCodeAt(0);
/** The severity as it is in every language. */
const SEVERITY = "V".charCodeAt(0);
const TYPE_BYTES = 1;
const LENGTH_BYTES = 4;
const GIVEN_UP = new Set(["FATAL", "PANIC"]);

/**
 * Whether PostgreSQL says in its answer that it has given itself up, as when its log cannot be written or flushed. A server
 * ends its process then and recovers; PGlite goes on without an end when it is asked once more.
 *
 * @param answer whole backend messages (PostgreSQL's documentation, Message Formats: type, length, body)
 */
export function isGivenUp(answer: Uint8Array): boolean {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  for (let start = 0; start + TYPE_BYTES + LENGTH_BYTES <= answer.length; ) {
    const end = start + TYPE_BYTES + view.getUint32(start + TYPE_BYTES);
    if (answer[start] === ERROR_RESPONSE) {
      const severity = severityIn(answer.subarray(start + TYPE_BYTES + LENGTH_BYTES, end));
      if (severity !== undefined && GIVEN_UP.has(severity)) return true;
    }
    start = end;
  }
  return false;
}

/** Each field is a byte that says which, and a text that ends with a zero. */
function severityIn(fields: Uint8Array): string | undefined {
  for (let start = 0; start < fields.length; ) {
    const end = fields.indexOf(0, start);
    if (end < 0) return undefined;
    if (fields[start] === SEVERITY) return Buffer.from(fields.subarray(start + 1, end)).toString("latin1");
    start = end + 1;
  }
  return undefined;
}
