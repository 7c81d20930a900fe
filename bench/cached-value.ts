import type { JsonObject } from "../src/json.ts";

export type ValueSize = "1 KiB" | "10 KB";

/** What is cached: an object of 1 KiB, or one like a profile of 10 KB. */
export function cachedValue(size: ValueSize, index: number): JsonObject {
  return size === "1 KiB" ? smallValue(index) : profileValue(index);
}

function smallValue(index: number): JsonObject {
  return {
    id: `record-${index}`,
    text: "what was said ".repeat(70),
    revision: index,
    isActive: true,
    tags: ["a", "b"],
  };
}

function profileValue(index: number): JsonObject {
  const fields = Array.from({ length: 29 }, (_, place) => ({
    id: `01980000-0000-7000-8000-${String(index * 100 + place).padStart(12, "0")}`,
    name: `field_number_${place}`,
    value: place % 3 === 0 ? place * 1_000 + index : `Value ${place} of customer ${index}, as the customer gave it`,
    status: "active",
    confidence: 0.9,
    source: "user_provided",
    sources: [{ type: "session", id: `session-${index}-${place}` }],
    createdAt: "2026-01-01T00:00:00.000000Z",
    updatedAt: "2026-01-02T00:00:00.000000Z",
    expiresAt: null,
    supersededById: null,
  }));
  return { id: `customer-${index}`, externalId: `crm-${index}`, version: index, fields };
}
