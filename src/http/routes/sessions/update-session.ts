import { entityTag, expectedVersion } from "../../entity-tag.ts";
import { defineRoute } from "../../route.ts";
import { sessionPath } from "../../schemas/path-schemas.ts";
import { session, sessionPatchInput } from "../../schemas/session-schemas.ts";

export const updateSession = defineRoute({
  name: "updateSession",
  method: "PATCH",
  path: "/v1/sessions/:sessionId",
  permission: "session:write",
  summary: "Change a session",
  tag: "Sessions",
  params: sessionPath,
  body: sessionPatchInput,
  answers: { 200: session },
  takesIfMatch: true,
  errors: ["session_not_found", "customer_not_found", "version_mismatch", "limit_exceeded", "write_conflict"],
  async handle({ vault, params, body, ifMatch }) {
    const change = { ...body, expectedVersion: expectedVersion(ifMatch) };
    const changed = await vault.sessions.update(params.sessionId, change);
    return { status: 200, headers: { etag: entityTag(changed.version) }, body: changed };
  },
});
