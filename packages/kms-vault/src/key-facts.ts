import { invalidAnswer } from './errors.js';
import type { KeyName } from './key-name.js';

/** What Go counts durations to, in nanoseconds; a Date of it and one more of it can be shown. */
const MAX_SECONDS = 2 ** 63 / 1e9;

/** What Vault tells of a key, as far as it matters here. */
export interface KeyFacts {
  readonly latestVersion: number;
  readonly type: string;
  readonly derived: boolean;
  readonly softDeleted: boolean;
  readonly exportable: boolean;
  readonly deletable: boolean;
  /** Seconds between two versions; 0 where nothing rotates by itself. Undefined before Vault 1.10. */
  readonly autoRotateSeconds: number | undefined;
  /** When the latest version was made. */
  readonly latestMade: Date | undefined;
}

/** @throws KEY_RESPONSE_INVALID */
export function factsIn(data: Readonly<Record<string, unknown>>, key: KeyName): KeyFacts {
  const { latest_version: latestVersion, type, auto_rotate_period: period, keys } = data;
  if (data['name'] !== key.name) throw invalidAnswer(key, 'the answer describes another key');
  if (!isWhole(latestVersion) || latestVersion < 1 || !isWord(type)) {
    throw invalidAnswer(key, 'the answer describes no key');
  }
  return {
    latestVersion,
    type,
    derived: data['derived'] === true,
    softDeleted: data['soft_deleted'] === true,
    exportable: data['exportable'] === true || data['allow_plaintext_backup'] === true,
    deletable: data['deletion_allowed'] === true,
    autoRotateSeconds: isWhole(period) && period >= 0 && period <= MAX_SECONDS ? period : undefined,
    latestMade: timeOf((keys as Record<string, unknown> | undefined)?.[latestVersion]),
  };
}

/** It is shown as it is. */
function isWord(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{1,64}$/.test(value);
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** Symmetric keys have seconds since 1970 there. */
function timeOf(value: unknown): Date | undefined {
  return isWhole(value) && value > 0 && value <= MAX_SECONDS ? new Date(value * 1000) : undefined;
}
