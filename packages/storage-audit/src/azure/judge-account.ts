import { flagAt, STRANGE, textAt } from '../gcs/members.js';
import type { Unread } from '../gcs/read.js';
import { failed, inapplicable, type Judgement, passed, unread } from '../report/judge.js';
import { mendAccount, mendInfrastructure, mendKey } from './mend.js';
import type { AzureAccount } from './place.js';

// `properties` of a storage account: https://learn.microsoft.com/rest/api/storagerp/storage-accounts/get-properties

const NO_ENCRYPTION = 'The account does not tell how it is encrypted.';

const OF_ACCOUNT = '$account-encryption-key';

/** What a container by itself is encrypted with. @param judged what the account came to; @param container its properties, or why there are none */
export function judgeScope(judged: Judgement, container: { readonly body: unknown } | Unread): Judgement {
  if (judged.outcome !== 'passed') return judged;
  if ('unread' in container)
    return unread(
      `${judged.evidence} Whether the container has an encryption scope of its own could not be read: ${container.unread}`,
    );
  const scope = textAt(container.body, 'defaultEncryptionScope');
  if (scope === undefined || scope === OF_ACCOUNT) return judged;
  return unread(
    `${judged.evidence} The container has a default encryption scope ${scope === STRANGE ? 'that is not what the API has' : `of its own, ${scope}`}: under which key that is, is not read.`,
  );
}

/** @param expected the URI of a key, `azure-kv://` or `https://`, with or without a version */
export function judgeKey(properties: unknown, of: AzureAccount, expected: string | undefined): Judgement {
  const source = textAt(properties, 'encryption', 'keySource');
  const wanted = expected === undefined ? undefined : keyOf(expected);
  if (source === 'Microsoft.Storage')
    return failed('The account is encrypted with keys of Microsoft.', mendKey(of, wanted));
  if (source !== 'Microsoft.Keyvault') return unread(NO_ENCRYPTION);
  const vault = textAt(properties, 'encryption', 'keyvaultproperties', 'keyvaulturi');
  const name = textAt(properties, 'encryption', 'keyvaultproperties', 'keyname');
  if (typeof vault !== 'string' || typeof name !== 'string')
    return unread('The account does not tell its key.');
  const found = { vault: vault.replace(/\/$/, '').toLowerCase(), name };
  const where = `${found.vault}/keys/${name}`;
  if (wanted && (wanted.vault !== found.vault || wanted.name.toLowerCase() !== name.toLowerCase()))
    return failed(
      `The account is encrypted with ${where}, and ${wanted.vault}/keys/${wanted.name} was expected.`,
      mendKey(of, wanted),
    );
  if (expected !== undefined && !wanted)
    return unread(
      `The account is encrypted with ${where}; the key that is expected is no URI of a key in a vault.`,
    );
  return passed(
    `The account is encrypted with ${where}. Whether it is enabled and rotated, the vault says. Containers may have encryption scopes of their own, which are seen where one is named.`,
  );
}

export function keyOf(uri: string): { readonly vault: string; readonly name: string } | undefined {
  const parts = /^(?:azure-kv|https):\/\/([^/]+)\/keys\/([^/]+)(?:\/[^/]*)?$/i.exec(uri);
  return parts ? { vault: `https://${parts[1]!.toLowerCase()}`, name: parts[2]! } : undefined;
}

export function judgeKeyVersion(properties: unknown, of: AzureAccount): Judgement {
  const source = textAt(properties, 'encryption', 'keySource');
  if (source === 'Microsoft.Storage') return inapplicable('Microsoft rotates its own keys.');
  const inVault = ['encryption', 'keyvaultproperties'] as const;
  const [version, vault, name] = (['keyversion', 'keyvaulturi', 'keyname'] as const).map((one) =>
    textAt(properties, ...inVault, one),
  );
  if (
    source !== 'Microsoft.Keyvault' ||
    version === STRANGE ||
    typeof vault !== 'string' ||
    typeof name !== 'string'
  )
    return unread(NO_ENCRYPTION);
  const since = textAt(properties, ...inVault, 'lastKeyRotationTimestamp');
  const last = typeof since === 'string' ? ` It last changed ${since}.` : '';
  if (!version) return passed(`The account takes the current version of its key.${last}`);
  return failed(
    `The account stays with version ${String(version)} of its key.${last}`,
    mendKey(of, { vault: vault.replace(/\/$/, ''), name }),
  );
}

export function judgeInfrastructure(properties: unknown, of: AzureAccount): Judgement {
  const required = flagAt(properties, 'encryption', 'requireInfrastructureEncryption');
  if (required === STRANGE || typeof textAt(properties, 'encryption', 'keySource') !== 'string')
    return unread(NO_ENCRYPTION);
  if (required) return passed('Infrastructure encryption is on.');
  return failed('Infrastructure encryption is off.', mendInfrastructure(of));
}

export function judgeSecureTransfer(properties: unknown, of: AzureAccount): Judgement {
  const only = flagAt(properties, 'supportsHttpsTrafficOnly');
  if (typeof only !== 'boolean')
    return unread('The account does not tell whether it takes requests without TLS.');
  if (only) return passed('Requests without TLS are refused.');
  return failed(
    'Requests without TLS are taken.',
    mendAccount(of, '--https-only true', 'https_traffic_only_enabled = true'),
  );
}

const OLD_TLS = ['TLS1_0', 'TLS1_1'];
const NEW_TLS = ['TLS1_2', 'TLS1_3'];

export function judgeMinimumTls(properties: unknown, of: AzureAccount): Judgement {
  const found = textAt(properties, 'minimumTlsVersion');
  if (typeof found === 'string' && NEW_TLS.includes(found))
    return passed(`The least version of TLS is ${found}.`);
  if (found !== undefined && !OLD_TLS.includes(String(found)))
    return unread('The least version of TLS is none that is known.');
  return failed(
    // "The default interpretation is TLS 1.0 for this property."
    found === undefined
      ? 'No least version of TLS is set: it is 1.0.'
      : `The least version of TLS is ${String(found)}.`,
    mendAccount(of, '--min-tls-version TLS1_2', 'min_tls_version = "TLS1_2"'),
  );
}

export function judgePublicBlobs(properties: unknown, of: AzureAccount): Judgement {
  const allowed = flagAt(properties, 'allowBlobPublicAccess');
  if (allowed === STRANGE) return unread('What the account says of public blobs is not what the API has.');
  if (allowed === false)
    return passed(
      'The account forbids public access to blobs. What a static website serves from $web is apart from that.',
    );
  return failed(
    allowed
      ? 'The account allows that containers are opened to everybody.'
      : 'Whether containers may be opened to everybody is not set; accounts that were made long ago allow it.',
    mendAccount(of, '--allow-blob-public-access false', 'allow_nested_items_to_be_public = false'),
  );
}

export function judgeSharedKey(properties: unknown, of: AzureAccount): Judgement {
  const allowed = flagAt(properties, 'allowSharedKeyAccess');
  if (allowed === STRANGE) return unread('What the account says of shared keys is not what the API has.');
  if (allowed === false) return passed('Shared keys are refused.');
  // "The default value is null, which is equivalent to true."
  return failed(
    'Shared keys are taken.',
    mendAccount(of, '--allow-shared-key-access false', 'shared_access_key_enabled = false'),
  );
}
