import { type Manifest, WeightsealError } from '@weightseal/core';
import type { CheckedRule } from './policy.js';
import { compareVersions, parseVersion } from './version.js';

/** What a signed manifest says of its version and its time is what the rule asks for. @throws RELEASE_TOO_OLD, RELEASE_EXPIRED */
export function checkAge({ version, created }: Manifest, { least, notAfter }: CheckedRule): void {
  if (least) {
    const found = version === undefined ? undefined : parseVersion(version);
    const said = version === undefined ? 'has no version' : `has the version ${JSON.stringify(version)}`;
    if (!found)
      throw refusal(
        'RELEASE_TOO_OLD',
        `${said}, which cannot be compared with ${least.text}, the least that counts`,
      );
    if (compareVersions(found, least.version) < 0)
      throw refusal('RELEASE_TOO_OLD', `${said}, and ${least.text} is the least that counts`);
  }
  if (notAfter !== undefined && Date.parse(created) > notAfter)
    throw refusal(
      'RELEASE_EXPIRED',
      `was made at ${created}, and its signers count for what was made until ${new Date(notAfter).toISOString()}`,
    );
}

function refusal(code: 'RELEASE_TOO_OLD' | 'RELEASE_EXPIRED', what: string): WeightsealError {
  return new WeightsealError(code, `The release ${what}. Get a newer release.`);
}
