import type { Caller } from "./caller.ts";

/** Creates or replaces definitions of an agent, by name. */
export async function defineFields(
  caller: Caller,
  agentId: string,
  definitions: Readonly<Record<string, object>>,
): Promise<void> {
  for (const [name, definition] of Object.entries(definitions)) {
    const reply = await caller.put(`/v1/agents/${agentId}/field-definitions/${name}`, definition);
    if (reply.status !== 200) reply.expect(201);
  }
}

/** Replaces a scenario's requirements, each of which belongs to the agent. */
export async function requireFields(
  caller: Caller,
  { agentId, scenarioId }: { readonly agentId: string; readonly scenarioId: string },
  requirements: readonly object[],
): Promise<void> {
  const body = { requirements: requirements.map((requirement) => ({ agentId, ...requirement })) };
  (await caller.put(`/v1/scenarios/${scenarioId}/requirements`, body)).expect(200);
}
