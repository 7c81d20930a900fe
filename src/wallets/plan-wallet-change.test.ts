import { describe, expect, it } from "vitest";
import { freshWallet } from "../testing/wallet-records.ts";
import { planWalletChange } from "./plan-wallet-change.ts";
import { WALLET_STATUSES, type WalletStatus } from "./wallet.ts";

const LEGAL: Readonly<Record<WalletStatus, readonly WalletStatus[]>> = {
  active: ["archived", "locked", "deleted"],
  archived: ["active", "deleted"],
  locked: ["active", "deleted"],
  deleted: [],
};

const walletIn = (status: WalletStatus) => ({ ...freshWallet({ status, metadata: { a: 1, b: "x" } }), version: 1 });
const PAIRS = WALLET_STATUSES.flatMap((from) => WALLET_STATUSES.map((to) => [from, to] as const));

describe("planWalletChange", () => {
  it.each(PAIRS.filter(([from, to]) => from !== to))("from %s to %s as the table says", (from, to) => {
    const plan = () => planWalletChange(walletIn(from), { status: to }, true);
    if (LEGAL[from].includes(to)) expect(plan()).toEqual({ change: { status: to }, changed: ["status"] });
    else expect(plan).toThrow(expect.objectContaining({ code: "wallet_status_conflict", details: { status: from } }));
  });

  it("leaves the lock to who manages wallets, and all else to the owner", () => {
    for (const status of LEGAL.locked) {
      expect(() => planWalletChange(walletIn("locked"), { status }, false)).toThrow(
        expect.objectContaining({ code: "forbidden" }),
      );
    }
    expect(planWalletChange(walletIn("active"), { status: "locked" }, false).changed).toEqual(["status"]);
    expect(planWalletChange(walletIn("locked"), { name: "x" }, false).changed).toEqual(["name"]);
  });

  it("names what changes, and nothing that is as it was", () => {
    const wallet = walletIn("active");
    const same = { name: wallet.name, description: null, metadata: { b: "x", a: 1 }, status: "active" } as const;
    expect(planWalletChange(wallet, same, false)).toEqual({ change: {}, changed: [] });
    expect(planWalletChange(wallet, { name: undefined }, false)).toEqual({ change: {}, changed: [] });
    const patch = { ...same, name: "other", metadata: { a: 1 } };
    const { change, changed } = planWalletChange(wallet, patch, false);
    expect(changed).toEqual(["metadata", "name"]);
    expect(change).toEqual({ name: "other", metadata: { a: 1 } });
  });

  it("changes nothing of a deleted wallet", () => {
    const wallet = walletIn("deleted");
    expect(() => planWalletChange(wallet, { name: "x" }, true)).toThrow(
      expect.objectContaining({ code: "wallet_status_conflict" }),
    );
    expect(planWalletChange(wallet, { status: "deleted" }, true).changed).toEqual([]);
  });
});
