import type { TenantId } from "../identifiers.ts";
import type { JsonValue } from "../json.ts";
import type { CachedKind } from "../storage/cache/cached-reads.ts";
import type { CacheKeyType } from "../telemetry/profile-cache-events.ts";

/** What every entry says that it is. Rises when definitions or requirements are kept in another form. */
const FORMAT = 1;

/** A whole list: of an agent's definitions, or of a scenario's requirements. Empty ones are kept like others. */
export class SchemaListKind<Item> implements CachedKind<readonly Item[]> {
  readonly event: CachedKind<unknown>["event"];
  readonly tagged: CachedKind<unknown>["tagged"];
  readonly #lifeMs: number;

  constructor(event: { tenantId: TenantId; keyType: CacheKeyType }, tag: string, lifeMs: number) {
    this.event = event;
    this.tagged = { tags: [tag] };
    this.#lifeMs = lifeMs;
  }

  encode(items: readonly Item[]): JsonValue {
    return { format: FORMAT, items: items as unknown as JsonValue };
  }

  decode(stored: JsonValue): readonly Item[] | undefined {
    if (typeof stored !== "object" || stored === null) return undefined;
    const { format, items } = stored as { readonly format?: unknown; readonly items?: unknown };
    return format === FORMAT && Array.isArray(items) ? (items as readonly Item[]) : undefined;
  }

  lifeMs(): number {
    return this.#lifeMs;
  }
}
