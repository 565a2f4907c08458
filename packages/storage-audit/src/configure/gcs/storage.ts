import { WeightsealError } from '@weightseal/core';
import type { Ask, Send } from '../../gcs/ask.js';
import { isPolicy } from '../../gcs/audit.js';
import { EVERYBODY } from '../../gcs/judge-access.js';
import { KEY_NAME, keyNameOf } from '../../gcs/judge-key.js';
import { textAt } from '../../gcs/members.js';
import { alike } from '../canonical.js';
import { askedFor, type Read } from '../pieces.js';
import { asking, known, readBody, sendChange } from '../rest.js';
import type { ConfigurableStorage, Json, Plan, State, Wanted } from '../types.js';
import { CHECKS, planGcs, withoutTag } from './plan.js';
import { patchOf, SETTINGS, type Setting, valueIn } from './settings.js';
import { SHAPES } from './shape.js';

export interface GcsStorageOptions {
  /** Asks Cloud KMS whether a key can be used: `bearerAsk({ origin: 'https://cloudkms.googleapis.com', token })`. Without it none is set. */
  readonly kms?: Ask | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Members = Readonly<Record<string, Json>>;

/**
 * A bucket of Google Cloud Storage whose settings are read, and changed by a plan. Each change is refused by Google where the bucket is another one than was read.
 *
 * @param send of the JSON API: `bearerSend({ origin: 'https://storage.googleapis.com', token })`
 * @throws INVALID_ARGUMENT for what is no name of a bucket
 */
export function gcsStorage(name: string, send: Send, options: GcsStorageOptions = {}): ConfigurableStorage {
  if (/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(name)) return new GcsStorage(name, send, options);
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    'This is no name of a bucket of Cloud Storage; give it without gs://.',
  );
}

class GcsStorage implements ConfigurableStorage {
  readonly place: string;
  readonly checks: readonly string[] = Object.values(CHECKS);
  readonly #name: string;
  readonly #path: string;
  readonly #send: Send;
  readonly #options: GcsStorageOptions;

  constructor(name: string, send: Send, options: GcsStorageOptions) {
    this.place = `gs://${name}`;
    this.#name = name;
    this.#path = `/storage/v1/b/${encodeURIComponent(name)}`;
    this.#send = send;
    this.#options = options;
  }

  async plan(wanted: Wanted): Promise<Plan> {
    const asked = askedFor(wanted, this.checks);
    const { signal } = this.#options;
    const [bucket, policy] = [await this.#bucket(signal), await this.#policy(signal)];
    const key = wanted.key === undefined ? undefined : await this.#usable(keyNameOf(wanted.key), bucket);
    const planned = planGcs({ name: this.#name, bucket, policy, key }, asked);
    return { ...planned, again: () => this.plan(wanted) };
  }

  async read(setting: string, signal?: AbortSignal): Promise<State> {
    const which = checked(setting);
    if (which === 'iam-policy') {
      const policy = known(await this.#policy(signal));
      return { value: withoutTag(policy), tag: tagIn(policy['etag']) };
    }
    const bucket = known(await this.#bucket(signal));
    const value = valueIn(bucket, which);
    if (value !== undefined) return { value, tag: tagIn(bucket['metageneration']) };
    throw new WeightsealError(
      'STORE_RESPONSE_INVALID',
      `What ${this.place} says of ${which} is not what the API has.`,
    );
  }

  async write(setting: string, value: Json, { tag }: State, signal?: AbortSignal): Promise<void> {
    const which = checked(setting);
    if (which === 'iam-policy') {
      const policy = { ...(value as Members), etag: tag };
      await sendChange(
        this.#send,
        'PUT',
        `${this.#path}/iam`,
        policy,
        'storage.buckets.setIamPolicy',
        signal,
      );
      return;
    }
    const path = `${this.#path}?ifMetagenerationMatch=${encodeURIComponent(tag ?? '')}`;
    await sendChange(this.#send, 'PATCH', path, patchOf(which, value), 'storage.buckets.update', signal);
  }

  same(setting: string, one: Json, other: Json): boolean {
    if (setting === 'iam-policy') return alike(bindingsOf(one), bindingsOf(other));
    return setting === 'lifecycle' ? alike(rulesOf(one), rulesOf(other)) : alike(one, other);
  }

  fits(setting: string, value: Json): boolean {
    return SHAPES[checked(setting)](value);
  }

  async opens(setting: string, value: Json): Promise<boolean> {
    const which = checked(setting);
    if (which === 'iam-policy') return hasEverybody(value);
    if (which !== 'public-access-prevention' || value === 'enforced') return false;
    const policy = await this.#policy(this.#options.signal);
    return 'unread' in policy || hasEverybody(policy.value);
  }

  close(): void {}

  async #bucket(signal?: AbortSignal): Promise<Read<Members>> {
    const isIt = ({ name }: Readonly<Record<string, unknown>>) => name === this.#name;
    return await readBody(asking(this.#send), this.#path, 'storage.buckets.get', isIt, signal);
  }

  async #policy(signal?: AbortSignal): Promise<Read<Members>> {
    const path = `${this.#path}/iam?optionsRequestedPolicyVersion=3`;
    return await readBody(asking(this.#send), path, 'storage.buckets.getIamPolicy', isPolicy, signal);
  }

  /** The name of a key that is there, enabled, and where the bucket is. */
  async #usable(name: string, bucket: Read<Members>): Promise<Read<string>> {
    const { kms, signal } = this.#options;
    if (!KEY_NAME.test(name)) return { unread: 'The key is no resource name of a key of Cloud KMS.' };
    if ('unread' in bucket) return bucket;
    if (!kms) return { unread: 'Cloud KMS was not asked whether the key can be used.' };
    const isIt = ({ name: its }: Readonly<Record<string, unknown>>) => its === name;
    const read = await readBody(kms, `/v1/${name}`, 'cloudkms.cryptoKeys.get', isIt, signal);
    if ('unread' in read) return { unread: `The key ${name} could not be looked at. ${read.unread}` };
    const key = read.value;
    const [here, there] = [textAt(bucket.value, 'location'), name.split('/')[3]!.toLowerCase()];
    const location = typeof here === 'string' ? here.toLowerCase() : 'a place that is not told';
    const state = textAt(key, 'primary', 'state');
    const problem =
      key['purpose'] !== 'ENCRYPT_DECRYPT'
        ? 'it is for another purpose than to encrypt and decrypt'
        : state !== 'ENABLED'
          ? `its primary version has the state ${String(state)}`
          : there !== (location === 'eu' ? 'europe' : location)
            ? `it is in ${there}, and the bucket in ${location}`
            : undefined;
    return problem === undefined
      ? { value: name }
      : { unread: `The key ${name} cannot be used here: ${problem}.` };
  }
}

/** Whether two policies let in the same: in which order bindings and members stand says nothing, and an empty one is none. */
function bindingsOf(policy: Json): Json {
  const all = ((policy as Members)['bindings'] ?? []) as readonly Members[];
  return all
    .map((one) =>
      JSON.stringify([
        one['role'],
        one['condition'] ?? null,
        ((one['members'] ?? []) as string[]).toSorted(),
      ]),
    )
    .toSorted();
}

function hasEverybody(policy: Json): boolean {
  const bindings = ((policy as Members)['bindings'] ?? []) as readonly Members[];
  return bindings.some(({ members }) =>
    EVERYBODY.some((one) => ((members ?? []) as readonly Json[]).includes(one)),
  );
}

/** One without rules is as none. */
function rulesOf(lifecycle: Json): Json {
  const { rule = [], ...others } = (lifecycle ?? {}) as Members;
  return { ...others, rule };
}

function tagIn(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new WeightsealError(
    'STORE_RESPONSE_INVALID',
    'The answer says of no version, so that a change could not be refused where somebody else has changed it. Check the endpoint.',
  );
}

/** @throws INVALID_ARGUMENT: it stands in an undo file, which anybody may have written */
function checked(setting: string): Setting {
  const found = SETTINGS.find((one) => one === setting);
  if (found !== undefined) return found;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `${JSON.stringify(setting.slice(0, 64))} is no setting of a bucket that is changed here.`,
  );
}
