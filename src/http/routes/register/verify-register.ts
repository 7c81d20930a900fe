import { z } from "zod";
import { verificationJson } from "../../register-answers.ts";
import { hangUpOf } from "../../request-abort.ts";
import { defineRoute } from "../../route.ts";
import { REGISTER_TAG, verificationReport } from "../../schemas/register-schemas.ts";

export const verifyRegister = defineRoute({
  name: "verifyRegister",
  method: "POST",
  path: "/v1/register/verify",
  permission: "register:manage",
  summary: "Verify the whole register anew",
  description:
    "Every docket from the first one on. Answers when it is done, which may take long; GET /v1/register tells how far it is. It goes on when the caller hangs up.",
  tag: REGISTER_TAG,
  body: z.strictObject({}),
  answers: { 200: verificationReport },
  errors: ["integrity_violation", "register_not_found", "register_offline"],
  idempotency: "natural",
  async handle({ vault, request }) {
    using hangUp = hangUpOf(request);
    return { status: 200, body: verificationJson(await vault.register.verify(hangUp.signal)) };
  },
});
