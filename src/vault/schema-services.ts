import { DefinitionService } from "../schema/definition-service.ts";
import { RequirementService } from "../schema/requirement-service.ts";
import type { SchemaServiceOptions } from "../schema/schema-stores.ts";
import type { CallContext } from "../tenants/actor.ts";
import type { TenantStores } from "./stores.ts";
import type { VaultCore } from "./vault-core.ts";

export interface SchemaServices {
  readonly definitions: DefinitionService;
  readonly requirements: RequirementService;
}

export function createSchemaServices(
  { clock, ids, conditions }: VaultCore,
  call: CallContext,
  stores: TenantStores,
): SchemaServices {
  const options: SchemaServiceOptions = {
    schema: stores.schema,
    clock,
    ids,
    call,
    transaction: (work) =>
      stores.transaction(({ schema, profiles, audit }) => work({ schema, piiFlags: profiles, audit })),
  };
  return {
    definitions: new DefinitionService(options),
    requirements: new RequirementService(options, conditions),
  };
}
