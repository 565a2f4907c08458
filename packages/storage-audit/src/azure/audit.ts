import { throwIfAborted } from '@weightseal/core';
import type { Ask } from '../gcs/ask.js';
import { membersOf } from '../gcs/members.js';
import { read, type Unread } from '../gcs/read.js';
import { findingOf, inapplicable, type Judgement, unread } from '../report/judge.js';
import type { AuditOptions, Check, Finding } from '../types.js';
import { type AzureCheck, CHECKS } from './checks.js';
import {
  judgeInfrastructure,
  judgeKey,
  judgeKeyVersion,
  judgeMinimumTls,
  judgePublicBlobs,
  judgeScope,
  judgeSecureTransfer,
  judgeSharedKey,
} from './judge-account.js';
import { judgeImmutability, judgePublicContainer, judgeSoftDelete, judgeVersioning } from './judge-blobs.js';
import { judgeLogging } from './judge-logging.js';
import { type AzureAccount, checkAccount, idOf } from './place.js';

const API = 'api-version=2023-05-01';
const INSIGHTS = 'api-version=2021-05-01-preview';

/** Every check of a storage account of Azure, for reports. */
export const AZURE_CHECKS: readonly Check[] = Object.values(CHECKS);

type Properties = Readonly<Record<string, unknown>>;

/**
 * Looks at how a storage account of Azure is set up, and a container where one is named, by three requests of the Azure Resource Manager, or four. The role Reader has what they need. What cannot be
 * read is `unread`. It changes nothing.
 *
 * @param ask of the Azure Resource Manager: `bearerAsk({ origin: 'https://management.azure.com', token })`
 * @throws INVALID_ARGUMENT for names that Azure does not have, ABORTED
 */
export async function auditAzure(of: AzureAccount, ask: Ask, options: AuditOptions = {}): Promise<Finding[]> {
  checkAccount(of);
  const { sealed = false, expectedKey, signal } = options;
  const id = idOf(of);
  const properties = async (
    path: string,
    permission: string,
  ): Promise<{ readonly body: Properties } | Unread> => {
    const is = (body: Properties) => membersOf(body['properties']) !== undefined && isOf(body, path);
    const answer = await read(ask, `${path}?${API}`, `Microsoft.Storage/${permission}/read`, is, signal);
    return 'unread' in answer ? answer : { body: answer.body['properties'] as Properties };
  };
  const service = `${id}/blobServices/default`;
  const [account, blobs, settings, container] = await Promise.all([
    properties(id, 'storageAccounts'),
    properties(service, 'storageAccounts/blobServices'),
    read(
      ask,
      `${service}/providers/Microsoft.Insights/diagnosticSettings?${INSIGHTS}`,
      'Microsoft.Insights/diagnosticSettings/read',
      ({ value }) => Array.isArray(value),
      signal,
    ),
    of.container === undefined
      ? undefined
      : properties(
          `${service}/containers/${encodeURIComponent(of.container)}`,
          'storageAccounts/blobServices/containers',
        ),
  ]);
  throwIfAborted(signal);
  const byAccount = (judge: (found: Properties, its: AzureAccount) => Judgement) =>
    'unread' in account ? unread(account.unread) : judge(account.body, of);
  const known = 'body' in account ? account.body : undefined;
  const judgements: Record<AzureCheck, () => Judgement> = {
    key: () => {
      const judged = byAccount((found) => judgeKey(found, of, expectedKey));
      return container ? judgeScope(judged, container) : judged;
    },
    keyVersion: () => byAccount(judgeKeyVersion),
    infrastructure: () => byAccount(judgeInfrastructure),
    secureTransfer: () => byAccount(judgeSecureTransfer),
    minimumTls: () => byAccount(judgeMinimumTls),
    publicBlobs: () => byAccount(judgePublicBlobs),
    publicContainer: () => {
      if (!container) return inapplicable('No container was named.');
      return 'unread' in container
        ? unread(container.unread)
        : judgePublicContainer(container.body, known, of);
    },
    sharedKey: () => byAccount(judgeSharedKey),
    immutability: () => {
      if (container && 'unread' in container) return unread(container.unread);
      return byAccount((found) => judgeImmutability(container?.body, found, of));
    },
    softDelete: () => ('unread' in blobs ? unread(blobs.unread) : judgeSoftDelete(blobs.body, of)),
    logging: () => ('unread' in settings ? unread(settings.unread) : judgeLogging(settings.body, of)),
    versioning: () => ('unread' in blobs ? unread(blobs.unread) : judgeVersioning(blobs.body, known, of)),
  };
  const accountUri = `az://${of.account}`;
  return (Object.keys(CHECKS) as AzureCheck[]).map((check) => {
    const isOfContainer = of.container !== undefined && ['publicContainer', 'immutability'].includes(check);
    const resource = isOfContainer ? `${accountUri}/${of.container}` : accountUri;
    return findingOf(CHECKS[check], resource, judgements[check](), sealed);
  });
}

/** Whether it is the resource that was asked for: names of Azure have no case. */
export function isOf({ id }: Properties, path: string): boolean {
  return typeof id === 'string' && id.toLowerCase() === decodeURIComponent(path).toLowerCase();
}
