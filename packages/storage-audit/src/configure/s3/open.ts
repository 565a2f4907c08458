import { isWeightsealError } from '@weightseal/core';
import type { Facts } from '../../s3/facts.js';
import { Unread } from '../../s3/failures.js';
import { parsePolicy } from '../../s3/policy/parse.js';
import { publicGrants } from '../../s3/policy/public.js';
import type { Json } from '../types.js';
import type { Setting } from './settings.js';

/** Whether strangers are let in once a setting is so. What cannot be told is yes. Of the ACLs of single objects nothing is known. */
export async function isOpenBy(setting: Setting, value: Json, facts: Facts): Promise<boolean> {
  if (setting === 'policy') return value !== null && isPublic(value as string, facts.bucket);
  if (setting !== 'public-access-block') return false;
  const { IgnorePublicAcls: acls, RestrictPublicBuckets: policies } = (value ?? {}) as Readonly<
    Record<string, Json>
  >;
  try {
    const text = policies === true ? undefined : (await facts.read('GetBucketPolicy'))?.Policy;
    const { Grants: grants = [] } = acls === true ? {} : ((await facts.read('GetBucketAcl')) ?? {});
    const ofGroups = grants.some(({ Grantee: who }) =>
      /\/(?:AllUsers|AuthenticatedUsers)$/.test(who?.URI ?? ''),
    );
    return ofGroups || (text !== undefined && isPublic(text, facts.bucket));
  } catch (error) {
    if (error instanceof Unread) return true;
    throw error;
  }
}

function isPublic(text: string, bucket: string): boolean {
  try {
    return publicGrants(parsePolicy(text), `arn:aws:s3:::${bucket}`).length > 0;
  } catch (error) {
    if (isWeightsealError(error)) return true;
    throw error;
  }
}
