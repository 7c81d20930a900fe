import { openInMemoryRecords } from "../../src/testing/record-storage.ts";
import { repositoryContract } from "../../src/testing/repository-contract.ts";

repositoryContract("in-memory", openInMemoryRecords);
