import { transactionJson } from "../../register-answers.ts";
import { defineRoute } from "../../route.ts";
import { REGISTER_TAG, transaction, transactionPath } from "../../schemas/register-schemas.ts";

export const getTransaction = defineRoute({
  name: "getTransaction",
  method: "GET",
  path: "/v1/register/transactions/:transactionId",
  permission: "register:read",
  summary: "Read a transaction",
  tag: REGISTER_TAG,
  params: transactionPath,
  answers: { 200: transaction },
  errors: ["transaction_not_found", "register_not_found", "register_offline"],
  async handle({ vault, params }) {
    return { status: 200, body: transactionJson(await vault.register.transaction(params.transactionId)) };
  },
});
