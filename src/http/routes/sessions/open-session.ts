import { entityTag } from "../../entity-tag.ts";
import { defineRoute } from "../../route.ts";
import { session, sessionInput } from "../../schemas/session-schemas.ts";

export const openSession = defineRoute({
  name: "openSession",
  method: "POST",
  path: "/v1/sessions",
  permission: "session:write",
  summary: "Get or open a session",
  description:
    "Answers with the current session of the agent with this user of the channel: of those that are not closed, the " +
    "one created last. Else opens a new one, for the given customer or the one with the channel identity, who is made " +
    "when there is none. A current session stays as it is, whatever else the body says.",
  tag: "Sessions",
  body: sessionInput,
  answers: { 200: session, 201: session },
  errors: ["customer_not_found", "limit_exceeded", "write_conflict"],
  async handle({ vault, body }) {
    const { session: found, isNew } = await vault.sessions.open(body);
    const headers = { etag: entityTag(found.version), location: `/v1/sessions/${found.sessionId}` };
    return { status: isNew ? 201 : 200, headers, body: found };
  },
});
