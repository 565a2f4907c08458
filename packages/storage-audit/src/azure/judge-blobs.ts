import { at, flagAt, numberAt, STRANGE, textAt } from '../gcs/members.js';
import { failed, inapplicable, type Judgement, passed, unread } from '../report/judge.js';
import { mendBlobs, mendImmutability, mendPublicContainer, mendSoftDelete } from './mend.js';
import type { AzureAccount } from './place.js';

// `properties` of the blob service and of a container: https://learn.microsoft.com/rest/api/storagerp/blob-services, blob-containers

/** @param account the properties of the account, where they could be read */
export function judgePublicContainer(container: unknown, account: unknown, of: AzureAccount): Judgement {
  const access = textAt(container, 'publicAccess');
  const isForbidden = flagAt(account, 'allowBlobPublicAccess') === false;
  const isKnown = access === 'Blob' || access === 'Container';
  // "Disallowing public access for the storage account does not affect any static websites": https://learn.microsoft.com/azure/storage/blobs/storage-blob-static-website
  if (of.container === '$web' && (!isKnown || isForbidden))
    return unread(
      'A static website serves what lies in $web to everybody, whatever the public access of the container and of the account is; whether the account has one is not read. Keep no models there.',
    );
  if (access === 'None') return passed('The container is private.');
  if (!isKnown) return unread('The container does not tell whether it is public.');
  const what = access === 'Blob' ? 'reads its blobs' : 'lists it and reads its blobs';
  if (isForbidden)
    return failed(
      `The container says that everybody ${what}; the account forbids it, as long as it does.`,
      mendPublicContainer(of),
      { plain: 'low', sealed: 'low' },
    );
  return failed(`Everybody ${what}.`, mendPublicContainer(of));
}

/** @param container undefined where none was named */
export function judgeImmutability(container: unknown, account: unknown, of: AzureAccount): Judgement {
  const isOn = flagAt(account, 'immutableStorageWithVersioning', 'enabled');
  // What is off has no effect, whatever policy stands below it.
  const whole =
    isOn === false || isOn === STRANGE
      ? isOn || undefined
      : policyIn(account, ['immutableStorageWithVersioning', 'immutabilityPolicy'], []);
  const own = policyIn(container, ['immutabilityPolicy'], ['properties']);
  if (whole === STRANGE || own === STRANGE)
    return unread('What is said of immutability is not what the API has.');
  const policy = [own, whole].find((one) => one?.locked) ?? own ?? whole;
  if (policy?.locked) return passed(`A locked policy keeps blobs for ${policy.days} days.`);
  if (flagAt(container, 'hasLegalHold') === true)
    return passed('A legal hold keeps blobs until it is taken away.');
  if (policy)
    return failed(`A policy keeps blobs for ${policy.days} days, and is not locked.`, mendImmutability(of));
  if (container === undefined)
    return unread(
      'The account has no policy for all of its blobs; those of a container are seen where one is named.',
    );
  return failed('No policy keeps blobs, and no legal hold.', mendImmutability(of));
}

function policyIn(
  of: unknown,
  to: readonly string[],
  within: readonly string[],
): { readonly locked: boolean; readonly days: number } | undefined | typeof STRANGE {
  const found = at(of, ...to, ...within);
  if (found === undefined || found === STRANGE) return found;
  const state = textAt(found, 'state');
  const days = numberAt(found, 'immutabilityPeriodSinceCreationInDays');
  if (state === 'Disabled' || (state === undefined && days === undefined)) return undefined;
  if ((state !== 'Locked' && state !== 'Unlocked') || typeof days !== 'number') return STRANGE;
  return { locked: state === 'Locked', days };
}

export function judgeSoftDelete(service: unknown, of: AzureAccount): Judgement {
  const [blobs, containers] = ['deleteRetentionPolicy', 'containerDeleteRetentionPolicy'].map((name) => ({
    enabled: flagAt(service, name, 'enabled'),
    days: numberAt(service, name, 'days'),
  })) as [Kept, Kept];
  if ([blobs.enabled, containers.enabled].includes(STRANGE))
    return unread('What is said of soft delete is not what the API has.');
  const said = ({ enabled, days }: Kept) =>
    enabled ? `stay${typeof days === 'number' ? ` for ${days} days` : ''}` : 'are gone';
  const evidence = `Once deleted, blobs ${said(blobs)}, and containers ${said(containers)}.`;
  if (blobs.enabled && containers.enabled) return passed(evidence);
  return failed(evidence, mendSoftDelete(of));
}

interface Kept {
  readonly enabled: ReturnType<typeof flagAt>;
  readonly days: ReturnType<typeof numberAt>;
}

/** @param account its properties, where they could be read */
export function judgeVersioning(service: unknown, account: unknown, of: AzureAccount): Judgement {
  const enabled = flagAt(service, 'isVersioningEnabled');
  if (enabled === STRANGE) return unread('What is said of versioning is not what the API has.');
  if (enabled) return passed('Versioning is on.');
  if (flagAt(account, 'isHnsEnabled') === true)
    return inapplicable('An account with a hierarchical namespace has no versions.');
  return failed('Versioning is off.', mendBlobs(of, '--enable-versioning true', 'versioning_enabled = true'));
}
