import { z } from "zod";
import { recoveryJson } from "../../register-answers.ts";
import { defineRoute } from "../../route.ts";
import { REGISTER_TAG, recoveryReport } from "../../schemas/register-schemas.ts";

export const recoverRegister = defineRoute({
  name: "recoverRegister",
  method: "POST",
  path: "/v1/register/recover",
  permission: "register:manage",
  summary: "Get damaged dockets back from peers",
  description:
    "Asks each peer once for everything that is damaged, what was given up included, and answers with what is left. What the peers send is verified as the register's own dockets are.",
  tag: REGISTER_TAG,
  body: z.strictObject({}),
  answers: { 200: recoveryReport },
  errors: ["register_not_found"],
  idempotency: "natural",
  handle: async ({ vault }) => ({ status: 200, body: recoveryJson(await vault.register.recover()) }),
});
