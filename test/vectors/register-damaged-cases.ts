import { buildRegister } from "./naive-register-builder.ts";
import {
  bytesAt,
  damaged,
  frameAt,
  type HostileCase,
  LINK,
  MALFORMED,
  MISSING,
  OTHER_REGISTER,
  replaced,
  SAMPLE,
  turned,
  WITHOUT_SUCCESSOR,
  withDocket,
  withoutKeys,
} from "./register-hostile-case.ts";
import { OTHER_CHARTER, planOf } from "./register-sample.ts";

/* Cases of somebody who can write the bytes and has no key, for checks 1 to 5. */

/** Checks 1 and 2: what is there, and what is kept beside it. */
function placeCases(): readonly HostileCase[] {
  const missing = (name: string, heights: readonly number[], expected: HostileCase["expected"]) => {
    const dockets = SAMPLE.dockets.map((frame, at) => (heights.includes(at) ? undefined : frame));
    return damaged({ check: 1, name, expected }, dockets);
  };
  const disagreeing = (name: string, height: number, expected: HostileCase["expected"]) =>
    damaged({ check: 2, name, expected, disagreeing: height }, SAMPLE.dockets);
  const withoutAdding = { 1: [MISSING], ...WITHOUT_SUCCESSOR } as const;
  return [
    missing("a docket is missing", [2], { 2: [MISSING] }),
    {
      ...missing("two dockets are missing", [0, 2], { ...withoutKeys(0), 0: [MISSING], 2: [MISSING] }),
      chartered: { 0: [MISSING], 2: [MISSING] },
    },
    missing("two dockets in a row are missing", [3, 4], { 3: [MISSING], 4: [MISSING], 5: [LINK] }),
    missing("the docket that adds a key is missing", [1], withoutAdding),
    { ...missing("the docket that adds a key is missing, with a smaller checkpoint", [1], withoutAdding), size: 5 },
    {
      ...missing("the first docket is missing", [0], { 0: [MISSING], ...withoutKeys(1) }),
      chartered: { 0: [MISSING] },
    },
    { ...missing("the last docket is missing", [5], {}), trusted: { 5: [MISSING] } },
    disagreeing("the row of a docket disagrees", 4, { 4: [MALFORMED] }),
    disagreeing("the row of a docket that adds a key disagrees", 1, { 1: [MALFORMED], ...WITHOUT_SUCCESSOR }),
  ];
}

/** Check 3. */
function frameCases(): readonly HostileCase[] {
  const saying = (name: string) => ({ check: 3, name, expected: { 4: [MALFORMED] } }) as const;
  const bytes = (name: string, edit: (bytes: Buffer) => Buffer) => damaged(saying(name), bytesAt(4, edit));
  const numberAt = (place: number, value: number) => (whole: Buffer) => {
    const changed = Buffer.from(whole);
    changed.writeUInt32BE(value, place);
    return changed;
  };
  const [{ length: header }, { length: seal }] = [SAMPLE.dockets[4]?.header ?? [], SAMPLE.dockets[4]?.seal ?? []];
  const spaces = (length: number) => Buffer.alloc(length, " ");
  return [
    bytes("the bytes end within the last record", (whole) => whole.subarray(0, -1)),
    bytes("the bytes end before the count", (whole) => whole.subarray(0, 44 + header + seal)),
    bytes("a byte follows the last record", (whole) => Buffer.concat([whole, Buffer.of(0)])),
    bytes("no bytes", () => Buffer.of()),
    bytes("another mark", (whole) => turned(whole, 3)),
    bytes("a length beyond the bytes", numberAt(36, 0xffff_ffff)),
    bytes("more ids than the bytes hold", numberAt(44 + header + seal, 1000)),
    damaged(
      {
        check: 3,
        name: "the first docket's bytes end early",
        expected: { 0: [MALFORMED], ...withoutKeys(1) },
        chartered: { 0: [MALFORMED] },
      },
      bytesAt(0, (whole) => whole.subarray(0, -1)),
    ),
    damaged(
      saying("more than 14 MiB"),
      frameAt(4, ({ records }) => ({
        records: records.map((record) => Buffer.concat([record, spaces(14 * 2 ** 20)])),
      })),
    ),
  ];
}

/** Check 4: the hash and the seal are left as they were, which a later check would find. */
function formCases(): readonly HostileCase[] {
  const broken = { 4: [MALFORMED], 5: [LINK] } as const;
  const saying = (name: string) => ({ check: 4, name, expected: { 4: [MALFORMED] } }) as const;
  const header = (name: string, from: string | RegExp, to: string) =>
    damaged(
      saying(`header: ${name}`),
      frameAt(4, (frame) => ({ header: replaced(frame.header, from, to) })),
    );
  const seal = (name: string, from: string | RegExp, to: string) =>
    damaged(
      saying(`seal: ${name}`),
      frameAt(4, (frame) => ({ seal: replaced(frame.seal, from, to) })),
    );
  return [
    header("a space", ",", ", "),
    header("a line feed after it", /$/, "\n"),
    header("a member twice", '"v":1', '"v":1,"v":1'),
    header("an exponent", '"txCount":1', '"txCount":1e0'),
    header("a fraction", '"txCount":1', '"txCount":1.0'),
    header("a number as text", '"txCount":1', '"txCount":"1"'),
    header("no transactions", '"txCount":1', '"txCount":0'),
    header("a null", '"txCount":1', '"txCount":null'),
    header("another member", '"v":1', '"v":1,"w":1'),
    header("a member fewer", '"policyVersion":1,', ""),
    header("another version", '"v":1', '"v":2'),
    header("a height with a zero in front", '"height":"4"', '"height":"04"'),
    header("an epoch beyond 64 bits", '"epoch":"3"', '"epoch":"9223372036854775808"'),
    header("upper-case hexadecimal", /"logRoot":"[0-9a-f]{64}"/, `"logRoot":"${"A".repeat(64)}"`),
    header("an instant before 1970", /"sealedAt":/, '"sealedAt":-'),
    seal("a text that is not JSON", "{", ""),
    seal("a null", /"sig":".*"/, '"sig":null'),
    seal("an algorithm that does not exist", "p256", "none"),
    seal("a signature with padding", /"\}$/, '=="}'),
    seal("other bits left over at the end of the signature", /.(?="\}$)/, "B"),
    header("over 4 KiB", /$/, " ".repeat(4096)),
    seal("over 4 KiB", /$/, " ".repeat(4096)),
    header("an instant after the year 9999", /"sealedAt":\d+/, '"sealedAt":253402300800000'),
    header("no hash of the docket before", /"prevDocketHash":"[0-9a-f]{64}",/, ""),
    damaged(
      { check: 4, name: "a header and the hash in the frame", expected: broken, trusted: { 4: [MALFORMED] } },
      frameAt(4, (frame) => ({ header: replaced(frame.header, '"v":1', '"v":2'), hash: turned(frame.hash, 0) })),
    ),
  ];
}

/** Check 5. */
function otherPlaceCases(): readonly HostileCase[] {
  const [three, four, five] = SAMPLE.dockets.slice(3);
  const other = buildRegister(OTHER_CHARTER, planOf(OTHER_CHARTER));
  const expected = { 4: [MALFORMED], 5: [LINK] } as const;
  const others = { 4: [MALFORMED, 0], 5: [LINK] } as const;
  return [
    damaged(
      { check: 5, name: "the docket of another height", expected, trusted: { 4: [MALFORMED] } },
      withDocket(4, SAMPLE.dockets[5]),
    ),
    damaged(
      // Its seal is valid, its epoch and its instant are those of a later one, and what comes next is not measured by them.
      {
        check: 5,
        name: "the header and the seal of a later docket beside a hash of its own",
        expected: { 2: [MALFORMED] },
      },
      frameAt(2, (frame) => (five ? { header: five.header, seal: five.seal } : frame)),
    ),
    damaged(
      { check: 5, name: "the docket of another register", expected: others, trusted: { 4: [MALFORMED, 0] } },
      withDocket(4, other.dockets[4]),
    ),
    damaged(
      {
        check: 5,
        name: "two dockets change places",
        expected: { 3: [MALFORMED], 4: [MALFORMED], 5: [LINK] },
        // Neither says what stands in the tree for the other, so that its root is another one.
        trusted: { ...OTHER_REGISTER, 3: [MALFORMED], 4: [MALFORMED] },
      },
      [...SAMPLE.dockets.slice(0, 3), four, three, ...SAMPLE.dockets.slice(5)],
    ),
  ];
}

export function damagedCases(): readonly HostileCase[] {
  return [...placeCases(), ...frameCases(), ...formCases(), ...otherPlaceCases()];
}
