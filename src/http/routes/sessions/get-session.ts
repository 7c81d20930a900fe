import { entityTag } from "../../entity-tag.ts";
import { defineRoute } from "../../route.ts";
import { sessionPath } from "../../schemas/path-schemas.ts";
import { session } from "../../schemas/session-schemas.ts";

export const getSession = defineRoute({
  name: "getSession",
  method: "GET",
  path: "/v1/sessions/:sessionId",
  permission: "session:read",
  summary: "Read a session",
  tag: "Sessions",
  params: sessionPath,
  answers: { 200: session },
  errors: ["session_not_found"],
  async handle({ vault, params }) {
    const found = await vault.sessions.get(params.sessionId);
    return { status: 200, headers: { etag: entityTag(found.version) }, body: found };
  },
});
