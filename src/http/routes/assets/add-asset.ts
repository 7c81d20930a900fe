import { isAssetUpload } from "../../asset-upload.ts";
import { expectedVersion } from "../../entity-tag.ts";
import { defineRoute } from "../../route.ts";
import { assetRegistrationInput, assetUploadParts } from "../../schemas/asset-schemas.ts";
import { customerPath } from "../../schemas/path-schemas.ts";
import { asset } from "../../schemas/profile-schemas.ts";

export const addAsset = defineRoute({
  name: "addAsset",
  method: "POST",
  path: "/v1/customers/:customerId/assets",
  permission: "profile:write",
  summary: "Add an asset",
  description:
    "As multipart/form-data with a JSON part `metadata` and a part `file` the vault keeps the bytes. As JSON it records " +
    "an asset whose bytes are held elsewhere.",
  tag: "Assets",
  params: customerPath,
  body: assetRegistrationInput,
  upload: assetUploadParts,
  answers: { 201: asset },
  takesIfMatch: true,
  errors: [
    "customer_not_found",
    "customer_merged",
    "payload_too_large",
    "checksum_mismatch",
    "source_not_found",
    "lineage_cycle",
    "item_exists",
    "version_mismatch",
  ],
  async handle({ vault, params: { customerId }, body, ifMatch }) {
    const expectation = { expectedVersion: expectedVersion(ifMatch) };
    if (isAssetUpload(body)) {
      const { checksum: _, ...input } = body.metadata;
      const { mimeType, upload } = body;
      const added = await vault.assets.adopt(customerId, { ...input, mimeType, ...expectation }, upload);
      return { status: 201, body: added };
    }
    const { storageProvider, storagePath, sizeBytes, checksum, ...input } = body;
    const location = { storageProvider, storagePath, sizeBytes, checksum };
    return { status: 201, body: await vault.assets.register(customerId, { ...input, ...expectation }, location) };
  },
});
