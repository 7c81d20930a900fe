import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addMs, type Instant } from "../clock.ts";
import { type TenantId } from "../identifiers.ts";
import {
  IDEMPOTENCY_SWEPT_PER_CLAIM,
  IDEMPOTENCY_TTL_MS,
  type IdempotencyStore,
  type IdempotentRequest,
} from "../tenants/idempotency-store.ts";
import { seededIds } from "./seeded-ids.ts";

export interface IdempotencyStorage extends AsyncDisposable {
  /** Two tenants that exist. */
  readonly tenantIds: readonly [TenantId, TenantId];
  forTenant(tenantId: TenantId): IdempotencyScope;
}

export interface IdempotencyScope {
  readonly idempotency: IdempotencyStore;
  transaction<T>(work: (scope: IdempotencyScope) => Promise<T>): Promise<T>;
}

const NOW = "2026-03-03T09:30:00.000Z" as Instant;

/** What an `IdempotencyStore` must do. */
export function idempotencyStoreContract(engine: string, open: () => Promise<IdempotencyStorage>): void {
  describe(`idempotency store on ${engine}`, () => {
    const ids = seededIds(20_260_303);
    let storage: IdempotencyStorage;
    let scope: IdempotencyScope;
    let other: IdempotencyScope;

    beforeAll(async () => {
      storage = await open();
      [scope, other] = storage.tenantIds.map((tenantId) => storage.forTenant(tenantId)) as [
        IdempotencyScope,
        IdempotencyScope,
      ];
    });
    afterAll(async () => {
      await storage[Symbol.asyncDispose]();
    });

    const newHash = () => Buffer.from(ids.bytes(32)).toString("hex");

    function newRequest(over: Partial<IdempotentRequest> = {}): IdempotentRequest {
      const now = over.now ?? NOW;
      return { keyHash: newHash(), fingerprint: newHash(), now, expiresAt: addMs(now, IDEMPOTENCY_TTL_MS), ...over };
    }

    const answer = (request: IdempotentRequest, response: string) =>
      scope.transaction(async ({ idempotency }) => {
        const earlier = await idempotency.begin(request);
        if (!earlier) await idempotency.complete(request.keyHash, response);
        return earlier;
      });

    async function answerLongAgo(count: number): Promise<void> {
      const past = addMs(NOW, -10 * IDEMPOTENCY_TTL_MS);
      for (let index = 0; index < count; index++) await answer(newRequest({ now: past }), "b2xk");
    }

    it("claims a key once and then returns what was kept, of any length", async () => {
      const request = newRequest();
      const response = Buffer.from("x".repeat(5_000)).toString("base64");
      expect(await answer(request, response)).toBeUndefined();
      const repeat = { ...request, fingerprint: newHash() };
      expect(await answer(repeat, "bmV3")).toEqual({ fingerprint: request.fingerprint, response });
    });

    it("keeps nothing of work that is rolled back", async () => {
      const request = newRequest();
      await expect(
        scope.transaction(async ({ idempotency }) => {
          expect(await idempotency.begin(request)).toBeUndefined();
          await idempotency.complete(request.keyHash, "b2xk");
          throw new RangeError("rolled back");
        }),
      ).rejects.toThrow("rolled back");
      expect(await answer(request, "bmV3")).toBeUndefined();
    });

    it("lets concurrent requests wait for the first, and answers them all alike", async () => {
      const request = newRequest();
      let executions = 0;
      const results = await Promise.all(
        Array.from({ length: 6 }, () =>
          scope.transaction(async ({ idempotency }) => {
            const earlier = await idempotency.begin(request);
            if (earlier) return earlier.response;
            executions++;
            await idempotency.complete(request.keyHash, "b25l");
            return "b25l";
          }),
        ),
      );
      expect(results).toEqual(Array(6).fill("b25l"));
      expect(executions).toBe(1);
    });

    it("shows a record without an answer to its own transaction only", async () => {
      const request = newRequest();
      await scope.transaction(async ({ idempotency }) => {
        await idempotency.begin(request);
        expect(await idempotency.begin(request)).toEqual({ fingerprint: request.fingerprint, response: null });
      });
    });

    it("takes the place of a record that has expired", async () => {
      const request = newRequest();
      await answer(request, "b2xk");
      const justBefore = { ...request, now: addMs(request.expiresAt, -1) };
      expect(await answer(justBefore, "bmV3")).toMatchObject({ response: "b2xk" });
      const late = newRequest({ keyHash: request.keyHash, now: request.expiresAt });
      expect(await answer(late, "bmV3")).toBeUndefined();
      expect(await answer(late, "bmV3")).toEqual({ fingerprint: late.fingerprint, response: "bmV3" });
    });

    it("deletes expired records in batches and leaves the others", async () => {
      const live = newRequest();
      await answer(live, "bGl2ZQ==");
      await answerLongAgo(3);
      expect(await other.idempotency.deleteExpired(NOW, 10)).toBe(0);
      expect(await scope.idempotency.deleteExpired(NOW, 2)).toBe(2);
      expect(await scope.idempotency.deleteExpired(NOW, 10)).toBe(1);
      expect(await scope.idempotency.deleteExpired(NOW, 10)).toBe(0);
      expect(await answer(live, "bmV3")).toMatchObject({ response: "bGl2ZQ==" });
    });

    it("deletes some expired records with each claim, so that the table is bounded", async () => {
      await answerLongAgo(IDEMPOTENCY_SWEPT_PER_CLAIM + 4);
      await answer(newRequest(), "bmV3");
      expect(await scope.idempotency.deleteExpired(NOW, 100)).toBe(4);
    });

    it("keeps the keys of two tenants apart", async () => {
      const request = newRequest();
      await answer(request, "b25l");
      await other.transaction(async ({ idempotency }) => {
        expect(await idempotency.begin(request)).toBeUndefined();
        await idempotency.complete(request.keyHash, "b3RoZXI=");
      });
      expect(await answer(request, "bmV3")).toMatchObject({ response: "b25l" });
    });
  });
}
