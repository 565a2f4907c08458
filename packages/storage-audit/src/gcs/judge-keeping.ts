import { failed, inapplicable, type Judgement, passed, unread } from '../report/judge.js';
import { at, flagAt, listAt, numberAt, STRANGE, textAt } from './members.js';
import { mendBucket, mendLifecycle } from './mend.js';

const A_DAY_S = 86_400;

export function judgeRetention(bucket: unknown, name: string): Judgement {
  const period = numberAt(bucket, 'retentionPolicy', 'retentionPeriod');
  if (period === STRANGE) return unread('What the bucket says of retention is not what the API has.');
  if (period && period >= A_DAY_S) return passed(`Objects are kept for ${inDays(period)} at least.`);
  const mend = mendBucket(
    name,
    '--retention-period=30d',
    `retention_policy {\n  retention_period = ${30 * A_DAY_S}\n}`,
  );
  // Nobody notices and puts right in less what somebody has removed.
  if (period) return failed(`Objects are kept for ${inDays(period)} only.`, mend);
  const each = textAt(bucket, 'objectRetention', 'mode');
  return failed(
    each === 'Enabled'
      ? 'The bucket has no retention policy. Objects may have retentions of their own, which are not seen here.'
      : 'The bucket has no retention policy.',
    mend,
  );
}

export function judgeLocked(bucket: unknown, name: string): Judgement {
  const period = numberAt(bucket, 'retentionPolicy', 'retentionPeriod');
  const locked = flagAt(bucket, 'retentionPolicy', 'isLocked');
  if (period === STRANGE || locked === STRANGE)
    return unread('What the bucket says of retention is not what the API has.');
  if (!period) return inapplicable('There is no retention policy that could be locked.');
  if (locked) return passed('The retention policy is locked.');
  const { command, terraform } = mendBucket(
    name,
    '--lock-retention-period',
    `retention_policy {\n  retention_period = ${period}\n  is_locked        = true\n}`,
  );
  const warning =
    '# It cannot be undone: the period can only become longer, and the bucket stays as long as an object in it does.';
  return failed('The retention policy is not locked.', {
    command: `${warning}\n${command}`,
    terraform: `${warning}\n${terraform}`,
  });
}

export function judgeSoftDelete(bucket: unknown, name: string): Judgement {
  const seconds = numberAt(bucket, 'softDeletePolicy', 'retentionDurationSeconds');
  if (seconds === undefined || seconds === STRANGE) return unread('The bucket does not tell of soft delete.');
  if (seconds >= A_DAY_S) return passed(`What is deleted can be restored for ${inDays(seconds)}.`);
  return failed(
    seconds > 0 ? `What is deleted can be restored for ${inDays(seconds)} only.` : 'Soft delete is off.',
    mendBucket(
      name,
      '--soft-delete-duration=7d',
      `soft_delete_policy {\n  retention_duration_seconds = ${7 * A_DAY_S}\n}`,
    ),
  );
}

export function judgeVersioning(bucket: unknown, name: string): Judgement {
  const enabled = flagAt(bucket, 'versioning', 'enabled');
  if (enabled === STRANGE) return unread('What the bucket says of versioning is not what the API has.');
  if (enabled) return passed('Versioning is on.');
  return failed('Versioning is off.', mendBucket(name, '--versioning', 'versioning {\n  enabled = true\n}'));
}

export function judgeLogging(bucket: unknown, name: string): Judgement {
  const logs = textAt(bucket, 'logging', 'logBucket');
  if (logs === STRANGE) return unread('What the bucket says of logging is not what the API has.');
  if (logs) return passed(`Usage logs go to gs://${logs}.`);
  return failed(
    'Usage logs are off. Whether Cloud Audit Logs have data accesses, which is better, the project says and not the bucket.',
    mendBucket(name, '--log-bucket=gs://LOGS', 'logging {\n  log_bucket = "LOGS"\n}'),
  );
}

export function judgeLifecycle(bucket: unknown, name: string): Judgement {
  const rules = listAt(bucket, 'lifecycle', 'rule') ?? [];
  if (rules === STRANGE) return unread('The rules of the lifecycle are no list.');
  const ages = rules
    .filter((rule) => textAt(rule, 'action', 'type') === 'AbortIncompleteMultipartUpload')
    // With another condition it is of some uploads only.
    .filter((rule) => Object.keys(Object(at(rule, 'condition'))).every((condition) => condition === 'age'))
    .map((rule) => numberAt(rule, 'condition', 'age'))
    .filter((age) => typeof age === 'number');
  if (ages.length > 0)
    return passed(`Uploads are dropped that are not complete after ${Math.min(...ages)} days.`);
  return failed('No rule drops all uploads that are not completed.', mendLifecycle(name));
}

function inDays(seconds: number): string {
  return seconds % A_DAY_S === 0 ? `${seconds / A_DAY_S} days` : `${seconds} seconds`;
}
