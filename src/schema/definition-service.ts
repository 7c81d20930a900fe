import { VaultError } from "../errors.ts";
import type { AgentId, FieldDefinitionId } from "../identifiers.ts";
import { checkDefinition, type FieldDefinitionInput } from "./check-definition.ts";
import { compileDefinition } from "./definition-compiler.ts";
import type { FieldDefinition, ValidationMode } from "./field-definition.ts";
import type { AgentSettings } from "./schema-store.ts";
import { type SchemaServiceOptions, schemaEvent } from "./schema-stores.ts";
import { type ValidationResult, validateValue } from "./validation.ts";

/** Use cases on what agents know about fields. */
export class DefinitionService {
  readonly #options: SchemaServiceOptions;

  constructor(options: SchemaServiceOptions) {
    this.#options = options;
  }

  /**
   * Creates or replaces the agent's definition of a name. When it changes whether the field is personal data, the
   * stored versions of the name follow in the same transaction. `created` tells which of the two it was.
   *
   * Rejects with `invalid_definition`, `limit_exceeded`.
   */
  put(input: FieldDefinitionInput): Promise<{ definition: FieldDefinition; created: boolean }> {
    const draft = checkDefinition(input);
    const now = this.#options.clock.now();
    const id = this.#options.ids.uuid<FieldDefinitionId>();
    return this.#options.transaction(async ({ schema, piiFlags, audit }) => {
      // What is personal data depends on every agent's definition of the name.
      await schema.lockDefinitions(draft.name);
      const before = await schema.getDefinition(draft.agentId, draft.name);
      const definition = await schema.putDefinition({ ...draft, id, version: 1, createdAt: now, updatedAt: now });
      if (before?.version === definition.version) return { definition, created: false };
      if ((before?.isPii ?? false) !== definition.isPii) {
        await piiFlags.setPiiFlag(draft.name, definition.isPii || (await schema.isPiiName(draft.name)));
      }
      const { agentId, name, version, isPii } = definition;
      await audit.append([
        schemaEvent(this.#options, {
          eventType: "field_definition_saved",
          subjectId: definition.id,
          eventData: { agentId, name, version, isPii, mode: definition.validationMode },
        }),
      ]);
      return { definition, created: before === undefined };
    });
  }

  /** In any state. Rejects with `definition_not_found`. */
  async get(agentId: AgentId, name: string): Promise<FieldDefinition> {
    const definition = await this.#options.schema.getDefinition(agentId, name);
    if (!definition) throw new VaultError("definition_not_found", "The agent has no such field definition.");
    return definition;
  }

  /** By name; only the enabled ones unless `enabledOnly` is false. */
  list(agentId: AgentId, options: { readonly enabledOnly: boolean }): Promise<readonly FieldDefinition[]> {
    return this.#options.schema.listDefinitions(agentId, options);
  }

  /** Values stored under the definition stay as they are. Rejects with `definition_not_found`. */
  delete(agentId: AgentId, name: string): Promise<void> {
    return this.#options.transaction(async ({ schema, piiFlags, audit }) => {
      await schema.lockDefinitions(name);
      const definition = await schema.getDefinition(agentId, name);
      if (!definition || !(await schema.deleteDefinition(agentId, name))) {
        throw new VaultError("definition_not_found", "The agent has no such field definition.");
      }
      if (definition.isPii) await piiFlags.setPiiFlag(name, await schema.isPiiName(name));
      await audit.append([
        schemaEvent(this.#options, {
          eventType: "field_definition_deleted",
          subjectId: definition.id,
          eventData: { agentId, name },
        }),
      ]);
    });
  }

  /** What a write of the value would find, without writing it. Rejects with `definition_not_found`. */
  async validate(agentId: AgentId, name: string, value: unknown): Promise<ValidationResult> {
    return validateValue(compileDefinition(await this.get(agentId, name)), value, "strict");
  }

  async getSettings(agentId: AgentId): Promise<AgentSettings> {
    const now = this.#options.clock.now();
    return (await this.#options.schema.getAgentSettings(agentId)) ?? { agentId, validationMode: null, updatedAt: now };
  }

  /** The mode of the agent's definitions that have none of their own; `null` inherits from the tenant. */
  putSettings(agentId: AgentId, validationMode: ValidationMode | null): Promise<AgentSettings> {
    const settings: AgentSettings = { agentId, validationMode, updatedAt: this.#options.clock.now() };
    return this.#options.transaction(async ({ schema, audit }) => {
      await schema.putAgentSettings(settings);
      await audit.append([
        schemaEvent(this.#options, {
          eventType: "agent_settings_saved",
          subjectId: agentId,
          eventData: { agentId, validationMode },
        }),
      ]);
      return settings;
    });
  }
}
