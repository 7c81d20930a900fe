import { z } from "zod";
import type { CustomerId } from "../../../identifiers.ts";
import { pageQuery } from "../../page-schema.ts";
import { transactionJson } from "../../register-answers.ts";
import { defineRoute } from "../../route.ts";
import { hashInput, REGISTER_TAG, transactionPage, transactionTypeInput } from "../../schemas/register-schemas.ts";
import { idSchema } from "../../value-schemas.ts";

const query = z
  .strictObject({
    customerId: idSchema<CustomerId>().optional().meta({ description: "None of them once the customer is erased." }),
    subject: hashInput.optional().meta({ description: "The pseudonym that the register has for a customer." }),
    type: transactionTypeInput.optional(),
    ...pageQuery,
  })
  .refine(({ customerId, subject }) => customerId === undefined || subject === undefined, {
    path: ["subject"],
    message: "customerId and subject exclude each other.",
  });

export const listTransactions = defineRoute({
  name: "listTransactions",
  method: "GET",
  path: "/v1/register/transactions",
  permission: "register:read",
  summary: "List transactions by height",
  description: "Verified ones only, so that a page may hold fewer than `limit`.",
  tag: REGISTER_TAG,
  query,
  answers: { 200: transactionPage },
  errors: ["invalid_cursor", "register_not_found", "register_offline"],
  async handle({ vault, query: { limit, cursor, ...asked } }) {
    const { items, nextCursor } = await vault.register.transactions(asked, { limit, cursor });
    return { status: 200, body: { items: items.map(transactionJson), nextCursor } };
  },
});
