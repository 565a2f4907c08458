import type { Policy } from './document.js';

/** By how the regions of each begin; all others are of `aws`. After the SDK's own partitions. */
const PARTITIONS: readonly (readonly [begins: string, partition: string])[] = [
  ['cn-', 'aws-cn'],
  ['us-gov-', 'aws-us-gov'],
  ['eusc-', 'aws-eusc'],
  ['us-iso-', 'aws-iso'],
  ['us-isob-', 'aws-iso-b'],
  ['eu-isoe-', 'aws-iso-e'],
  ['us-isof-', 'aws-iso-f'],
];

export function partitionOf(region: string): string {
  return PARTITIONS.find(([begins]) => region.startsWith(begins))?.[1] ?? 'aws';
}

/**
 * A policy whose resources are in the partition that the bucket is said to be in. S3 takes no policy that names another one, so one that differs is one that was not known here:
 * were it compared, the statement would be about nothing.
 */
export function inPartitionOf({ statements }: Policy, bucket: string): Policy {
  const [, partition = 'aws'] = bucket.split(':');
  const moved = (pattern: string): string => pattern.replace(/^arn:aws[a-z-]*:s3:/, `arn:${partition}:s3:`);
  return {
    statements: statements.map((one) => ({
      ...one,
      resources: { ...one.resources, patterns: one.resources.patterns.map(moved) },
    })),
  };
}
