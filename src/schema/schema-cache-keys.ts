import type { AgentId, ScenarioId, TenantId } from "../identifiers.ts";

/** The keys of what one tenant's agents and scenarios know about fields. */
export class SchemaCacheKeys {
  readonly #tenantId: TenantId;
  /** Of every entry. */
  readonly tag: string;

  constructor(tenantId: TenantId) {
    this.#tenantId = tenantId;
    this.tag = `${tenantId}:schema`;
  }

  definitions(agentId: AgentId): string {
    return `${this.#tenantId}:definitions:${agentId}:v1`;
  }

  requirements(scenarioId: ScenarioId): string {
    return `${this.#tenantId}:requirements:${scenarioId}:v1`;
  }
}
