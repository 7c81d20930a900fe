import { receiptJson } from "../../register-answers.ts";
import { defineRoute } from "../../route.ts";
import { REGISTER_TAG, receipt, transactionPath } from "../../schemas/register-schemas.ts";

export const getTransactionProof = defineRoute({
  name: "getTransactionProof",
  method: "GET",
  path: "/v1/register/transactions/:transactionId/proof",
  permission: "register:read",
  summary: "Get the receipt of a transaction",
  description:
    "What proves to an outsider that the transaction is in the register, without what it is about: `strongroom verify` checks it.",
  tag: REGISTER_TAG,
  params: transactionPath,
  answers: { 200: receipt },
  errors: [
    "transaction_not_found",
    "event_not_sealed",
    "limit_exceeded",
    "integrity_violation",
    "register_not_found",
    "register_offline",
  ],
  async handle({ vault, params }) {
    return { status: 200, body: receiptJson(await vault.register.receipt(params.transactionId)) };
  },
});
