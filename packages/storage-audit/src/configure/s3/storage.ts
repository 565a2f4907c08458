import { WeightsealError } from '@weightseal/core';
import type { S3Sdk } from '../../s3/clients.js';
import { Clients } from '../../s3/clients.js';
import { Facts } from '../../s3/facts.js';
import { Unread } from '../../s3/failures.js';
import { checkBucket, checkedOptions, type S3AuditOptions } from '../../s3/options.js';
import { sending } from '../../s3/send.js';
import { alike } from '../canonical.js';
import { askedFor } from '../pieces.js';
import type { ConfigurableStorage, Json, Plan, State, Wanted } from '../types.js';
import { isOpenBy } from './open.js';
import { CHECKS, planS3 } from './plan.js';
import { samePolicy } from './policy-text.js';
import { factsRead, settingOf } from './read.js';
import { SETTINGS, type Setting, WAYS, withDefault } from './settings.js';
import { SHAPES } from './shape.js';
import { Wire } from './wire.js';

/** Where a bucket is, and who asks: as for its audit. What is wanted there is said to `plan`. */
export type S3StorageOptions = Omit<S3AuditOptions, 'sealed' | 'expectedKey' | 'anonymous'>;

/**
 * A bucket of Amazon S3, or of a server that speaks it, whose settings are read, and changed by a plan. Nothing is loaded or asked before it is used.
 *
 * @throws INVALID_ARGUMENT
 */
export function s3Storage(bucket: string, options: S3StorageOptions = {}): ConfigurableStorage {
  checkBucket(bucket);
  return new S3Storage(bucket, checkedOptions(options));
}

class S3Storage implements ConfigurableStorage {
  readonly place: string;
  readonly checks: readonly string[] = CHECKS;
  readonly #bucket: string;
  readonly #options: S3AuditOptions;
  readonly #clients: Clients;

  constructor(bucket: string, options: S3AuditOptions) {
    this.place = `s3://${bucket}`;
    this.#bucket = bucket;
    this.#options = options;
    this.#clients = new Clients(options);
  }

  async plan(wanted: Wanted): Promise<Plan> {
    const asked = askedFor(wanted, CHECKS);
    const options = checkedOptions({
      ...this.#options,
      ...(wanted.key !== undefined && { expectedKey: wanted.key }),
    });
    const { facts, wire } = this.#watched(options);
    return { ...planS3(await factsRead(facts, wire), asked), again: () => this.plan(wanted) };
  }

  async read(setting: string, signal?: AbortSignal): Promise<State> {
    const { signal: _, ...options } = this.#options;
    const { facts, wire } = this.#watched({ ...options, ...(signal && { signal }) });
    const known = checked(setting);
    return { value: await readable(() => settingOf(facts, wire, known)) };
  }

  async write(setting: string, value: Json, _: State, signal?: AbortSignal): Promise<void> {
    const { put, remove, permissions } = WAYS[checked(setting)];
    const made = value === null ? remove : put(value);
    if (made === undefined)
      throw new WeightsealError('STORE_UNSUPPORTED', `S3 cannot take ${setting} away once it is there.`);
    const [operation, input] = made;
    const permission = value === null ? permissions.remove : permissions.put;
    const { bucketOwner } = this.#options;
    const owner = bucketOwner === undefined ? {} : { ExpectedBucketOwner: bucketOwner };
    const send = sending({ ...this.#options, ...(signal && { signal }) });
    const asked = { operation, permission, of: this.place, owner: bucketOwner, doing: 'changed' as const };
    await readable(() =>
      send(asked, async () => {
        const { sdk, client } = await this.#clients.s3();
        return [client, commandOf(sdk, operation, { Bucket: this.#bucket, ...owner, ...input })];
      }),
    );
  }

  same(setting: string, one: Json, other: Json): boolean {
    if (setting === 'policy' && typeof one === 'string' && typeof other === 'string')
      return samePolicy(one, other);
    return setting === 'lifecycle' ? alike(withDefault(one), withDefault(other)) : alike(one, other);
  }

  fits(setting: string, value: Json): boolean {
    return SHAPES[checked(setting)](value);
  }

  async opens(setting: string, value: Json): Promise<boolean> {
    return await isOpenBy(checked(setting), value, this.#watched(this.#options).facts);
  }

  close(): void {
    this.#clients.close();
  }

  #watched(options: S3AuditOptions): { readonly facts: Facts; readonly wire: Wire } {
    const wire = new Wire();
    const watch = (command: object, operation: string) => wire.watch(command, operation);
    return { facts: new Facts(this.#bucket, options, this.#clients, watch), wire };
  }
}

function commandOf(sdk: S3Sdk, operation: string, input: object): object {
  const Command = sdk[`${operation}Command` as keyof S3Sdk] as unknown as new (given: object) => object;
  return new Command(input);
}

/** @throws INVALID_ARGUMENT: it stands in an undo file, which anybody may have written */
function checked(setting: string): Setting {
  const known = SETTINGS.find((one) => one === setting);
  if (known !== undefined) return known;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `${JSON.stringify(setting.slice(0, 64))} is no setting of a bucket that is changed here.`,
  );
}

/** Here it is an error: nothing is changed that cannot be read. */
async function readable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Unread) throw new WeightsealError(error.code, error.message, { cause: error });
    throw error;
  }
}
