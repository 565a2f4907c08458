import type { S3Check } from './check.js';
import { accessLogging } from './checks/access-logging.js';
import { acl } from './checks/acl.js';
import { anonymous } from './checks/anonymous.js';
import { accountPublicAccess, blockPublicAccess } from './checks/block-public-access.js';
import { bucketKey } from './checks/bucket-key.js';
import { customerKeys } from './checks/customer-keys.js';
import { defaultEncryption } from './checks/default-encryption.js';
import { defaultKey } from './checks/default-key.js';
import { incompleteUploads } from './checks/incomplete-uploads.js';
import { inventory } from './checks/inventory.js';
import { keyRotation } from './checks/key-rotation.js';
import { keyState } from './checks/key-state.js';
import { objectLock } from './checks/object-lock.js';
import { objectOwnership } from './checks/object-ownership.js';
import { policyAccounts } from './checks/policy-accounts.js';
import { policyEncryption } from './checks/policy-encryption.js';
import { policyKey } from './checks/policy-key.js';
import { policyPublic } from './checks/policy-public.js';
import { policyServices } from './checks/policy-services.js';
import { policyTls } from './checks/policy-tls.js';
import { policyTlsVersion } from './checks/policy-tls-version.js';
import { replication } from './checks/replication.js';
import { versioning } from './checks/versioning.js';

/** All that is looked at, in the order in which it is told. */
export const CHECKS: readonly S3Check[] = [
  defaultEncryption,
  defaultKey,
  keyState,
  keyRotation,
  bucketKey,
  policyEncryption,
  policyKey,
  customerKeys,
  policyTls,
  policyTlsVersion,
  policyPublic,
  policyServices,
  policyAccounts,
  blockPublicAccess,
  accountPublicAccess,
  acl,
  anonymous,
  objectOwnership,
  versioning,
  objectLock,
  accessLogging,
  replication,
  incompleteUploads,
  inventory,
];
