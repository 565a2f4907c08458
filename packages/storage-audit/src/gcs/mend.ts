import { hclString, shellWord } from '../report/quoting.js';
import { printable } from '../report/text.js';
import type { Mend } from '../types.js';

/** A change of a bucket, for `gcloud` and for Terraform's google_storage_bucket. */
export function mendBucket(bucket: string, flags: string, terraform: string): Mend {
  return {
    command: `gcloud storage buckets update gs://${bucket} ${flags}`,
    terraform: inBucket(bucket, terraform),
  };
}

export function inBucket(bucket: string, lines: string): string {
  const inner = lines.split('\n').map((line) => `  ${line}`);
  return [
    'resource "google_storage_bucket" "models" {',
    `  name = ${hclString(bucket)}`,
    '  # … as it is',
    ...inner,
    '}',
  ].join('\n');
}

/** A key that nobody has named, to be put in. */
const SOME_KEY = 'projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY';

export function mendKey(bucket: string, key: string = SOME_KEY): Mend {
  const { command, terraform } = mendBucket(
    bucket,
    `--default-encryption-key=${shellWord(key)}`,
    `encryption {\n  default_kms_key_name = ${hclString(key)}\n}`,
  );
  // Without it each upload is refused.
  return {
    command: `gcloud storage service-agent --authorize-cmek=${shellWord(key)}\n${command}`,
    terraform: `${terraform}\n\n${[
      'data "google_storage_project_service_account" "agent" {}',
      '',
      'resource "google_kms_crypto_key_iam_member" "storage" {',
      `  crypto_key_id = ${hclString(key)}`,
      '  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of Terraform's language.
      '  member        = "serviceAccount:${data.google_storage_project_service_account.agent.email_address}"',
      '}',
    ].join('\n')}`,
  };
}

/** A key by its own name, for `gcloud kms` and for Terraform's google_kms_crypto_key. */
export function mendRotation(key: string): Mend {
  return {
    command: `gcloud kms keys update ${shellWord(key)} --rotation-period=90d --next-rotation-time="$(date -u -d '+90 days' +%Y-%m-%dT%H:%M:%SZ)"`,
    terraform: [
      'resource "google_kms_crypto_key" "storage" {',
      '  # … as it is',
      '  rotation_period = "7776000s"',
      '}',
    ].join('\n'),
  };
}

/** @param version the whole name of the version that is not enabled */
export function mendVersion(version: string): Mend {
  return {
    command: `gcloud kms keys versions enable ${shellWord(version)}`,
    terraform: [
      'resource "google_kms_crypto_key_version" "storage" {',
      `  # ${printable(version)}`,
      '  # … as it is',
      '  state = "ENABLED"',
      '}',
    ].join('\n'),
  };
}

const PREVENTION = 'public_access_prevention = "enforced"';

export const mendPrevention = (bucket: string): Mend =>
  mendBucket(bucket, '--public-access-prevention', PREVENTION);

/** @param bindings role and member of each that is for everybody */
export function mendBindings(bucket: string, bindings: readonly (readonly [string, string])[]): Mend {
  return {
    // `--all`: whatever condition it has.
    command: bindings
      .map(
        ([role, member]) =>
          `gcloud storage buckets remove-iam-policy-binding gs://${bucket} --member=${member} --role=${shellWord(role)} --all`,
      )
      .join('\n'),
    terraform: [
      '# Remove the google_storage_bucket_iam_member, _binding or _policy that names these members:',
      ...bindings.map(([role, member]) => `#   ${member} with ${printable(role)}`),
      '# and keep new ones out:',
      inBucket(bucket, PREVENTION),
    ].join('\n'),
  };
}

/** @param entities those of the two lists that are for everybody */
export function mendAcls(
  bucket: string,
  entities: { readonly own: readonly string[]; readonly others: readonly string[] },
): Mend {
  const flags = [
    ...entities.own.map((entity) => `--remove-acl-grant=${entity}`),
    ...entities.others.map((entity) => `--remove-default-object-acl-grant=${entity}`),
  ];
  return mendBucket(bucket, flags.join(' '), 'uniform_bucket_level_access = true');
}

/** gcloud takes the whole configuration, and would drop rules that are there. */
export function mendLifecycle(bucket: string): Mend {
  return {
    command: [
      `gcloud storage buckets describe gs://${bucket} --format='json(lifecycle_config)'`,
      '# Add {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": 7}} to its rules, write {"rule": [ … ]} to lifecycle.json, then',
      `gcloud storage buckets update gs://${bucket} --lifecycle-file=lifecycle.json`,
    ].join('\n'),
    terraform: inBucket(
      bucket,
      'lifecycle_rule {\n  action {\n    type = "AbortIncompleteMultipartUpload"\n  }\n  condition {\n    age = 7\n  }\n}',
    ),
  };
}
