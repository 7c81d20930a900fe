import fc from "fast-check";
import { getCountries, getCountryCallingCode, parsePhoneNumberFromString } from "libphonenumber-js";
import { expect, it } from "vitest";
import { coercePhone } from "./phone-type.ts";

const ASSIGNED = [...new Set(getCountries().map((country) => getCountryCallingCode(country)))];

/** What the library makes of a number, again and again until it stands still. */
function settled(number: string): string | undefined {
  const next = parsePhoneNumberFromString(number)?.number;
  return next === undefined || next === number ? next : settled(next);
}

it("makes of a number what the library makes of it, without asking it each time", () => {
  const code = fc.oneof(fc.constantFrom(...ASSIGNED), fc.stringMatching(/^[1-9]\d{0,2}$/));
  const number = fc
    .tuple(code, fc.stringMatching(/^\d{4,13}$/))
    .map((parts) => parts.join(""))
    .filter((digits) => digits.length >= 7 && digits.length <= 15);
  fc.assert(
    fc.property(number, (digits) => {
      const expected = settled(`+${digits}`);
      const isNumber = expected !== undefined && expected.length > 7;
      expect(coercePhone(`+${digits}`)).toMatchObject(isNumber ? { ok: true, value: expected } : { ok: false });
    }),
    { numRuns: 5_000, seed: 20_261 },
  );
});
