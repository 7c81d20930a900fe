import { describe, expect, it } from "vitest";
import { accepts, coerce, refuses } from "../../testing/value-type-tables.ts";
import { VALUE_BYTES_MAX } from "../storable-json.ts";
import { coercePhone } from "./phone-type.ts";

const NOT_TEXT = [1, true, null, undefined, {}, [], Symbol("s"), 1n, () => 1];

describe("string", () => {
  accepts("string", [
    ["", ""],
    ["  as it is \n", "  as it is \n"],
    ["👩‍👩‍👧 e\u0301", "👩‍👩‍👧 e\u0301"],
  ]);
  refuses("string", "type_error", NOT_TEXT);
  refuses("string", "format_error", ["a\u0000b", "\ud800", "x".repeat(VALUE_BYTES_MAX), "\u0001".repeat(11_000)]);

  it("takes text up to the limit, quotes included, and no more", () => {
    expect(coerce("string", "x".repeat(VALUE_BYTES_MAX - 2)).ok).toBe(true);
    expect(coerce("string", "x".repeat(VALUE_BYTES_MAX - 1)).ok).toBe(false);
    expect(coerce("string", "€".repeat(21_844)).ok).toBe(true);
    expect(coerce("string", "€".repeat(21_845)).ok).toBe(false);
  });
});

describe("email", () => {
  accepts("email", [
    ["ada@example.org", "ada@example.org"],
    ["  Ada.Lovelace+Bank@EXAMPLE.Org ", "Ada.Lovelace+Bank@example.org"],
    ["a@b.co", "a@b.co"],
    ["o'brien@sub.example.museum", "o'brien@sub.example.museum"],
    ["грета@МОСКВА.рф", "грета@москва.рф"],
    ["a@bu\u0308cher.de", "a@bücher.de"],
    ["a@xn--bcher-kva.xn--p1ai", "a@xn--bcher-kva.xn--p1ai"],
    [`${"l".repeat(64)}@example.org`, `${"l".repeat(64)}@example.org`],
  ]);
  refuses("email", "type_error", NOT_TEXT);
  refuses("email", "format_error", [
    "",
    "ada",
    "@example.org",
    "ada@",
    "ada@example",
    "ada@example.o",
    "ada@.org",
    "ada@example..org",
    "ada@-example.org",
    "ada@example-.org",
    "ada@example.org.",
    "ada@127.0.0.1",
    "a da@example.org",
    "a@b@example.org",
    ".ada@example.org",
    "ada.@example.org",
    "a..b@example.org",
    '"a b"@example.org',
    "ada@exa\u200bmple.org",
    "ada\u0000@example.org",
    `${"l".repeat(65)}@example.org`,
    `a@${"d".repeat(64)}.org`,
    `a@${"abcdefghi.".repeat(25)}example`,
  ]);
});

describe("phone", () => {
  accepts("phone", [
    ["+442079460958", "+442079460958"],
    ["+44 (0)20 7946 0958", "+442079460958"],
    ["(+44) 20-7946.0958", "+442079460958"],
    ["0044 20 7946 0958", "+442079460958"],
    ["+1 (555) 123-4567", "+15551234567"],
    ["+1234567890", "+1234567890"],
    ["+39 06 1234567", "+39061234567"],
    ["+4402079460958", "+442079460958"],
    ["+598003866", "+5983866"],
    ["020 7946 0958", "02079460958"],
    ["123-4567", "1234567"],
    [" 555.123.4567 ", "5551234567"],
  ]);
  refuses("phone", "type_error", NOT_TEXT);
  refuses("phone", "format_error", [
    "",
    "123456",
    "+123456",
    "1234567890123456",
    "+1234567890123456",
    "call 555 1234",
    "555-1234 ext 5",
    "12+3456789",
    "++442079460958",
    "+44 20 7946 0958 +1",
    "+999 1234567",
    "+0123456789",
    "00 999 1234567",
    "٠١٢٣٤٥٦٧٨٩",
    "-------",
    "1234567\u0000",
    "1 ".repeat(40),
  ]);

  it("reads a national number in the default region", () => {
    const inBritain = (text: string) => coercePhone(text, { defaultRegion: "GB" });
    expect(inBritain("020 7946 0958")).toEqual({ ok: true, value: "+442079460958" });
    expect(inBritain("+1 555 123 4567")).toEqual({ ok: true, value: "+15551234567" });
    expect(inBritain("123456")).toMatchObject({ ok: false, errorType: "format_error" });
  });
});
