import { isProvider } from '@weightseal/keys';
import * as v from 'valibot';
import { trustSchema } from './trust-schema.js';

const MAX_MS = 2 ** 31 - 1;

// Every message of this schema says what is expected; check-shape.ts puts before it what was found, and where.

function list(expected: string) {
  return v.pipe(v.array(v.string('text'), expected), v.minLength(1, expected));
}

function milliseconds(least: number) {
  const expected = `a whole number of milliseconds from ${least} to ${MAX_MS}`;
  return v.pipe(
    v.number(expected),
    v.integer(expected),
    v.minValue(least, expected),
    v.maxValue(MAX_MS, expected),
  );
}

/** One schema or another, by what is there: so that the message is about what was probably meant, and not about both. */
function either(choose: (input: unknown) => v.GenericSchema): v.GenericSchema {
  return v.lazy(choose);
}

/** Members whose names the file chooses. A list is an object too, and so is a Map, but none that has names. */
function byName<T extends v.GenericSchema>(value: T, expected: string) {
  const isObject = (input: unknown) =>
    typeof input === 'object' && input !== null && !Array.isArray(input) && !(input instanceof Map);
  return v.pipe(v.custom<Record<string, unknown>>(isObject, expected), v.record(v.string(), value));
}

const KEY = 'a key URI, or an object with `uri` and `deadlineMs`';
const key = v.strictObject(
  {
    uri: v.string('a key URI'),
    formerUris: v.optional(list('a list of key URIs')),
    deadlineMs: v.optional(milliseconds(1)),
  },
  KEY,
);
const namedKeys = byName(
  either((input) => (typeof input === 'object' && input !== null ? key : v.string(KEY))),
  'names of keys with their URIs',
);

const GLOBS = 'a glob, or a list of globs';
const context = byName(
  either((input) =>
    typeof input === 'boolean' ? v.literal(true, 'text, or true') : v.string('text, or true'),
  ),
  'names with text, or with true',
);
const rule = v.strictObject(
  {
    path: v.optional(either((input) => (Array.isArray(input) ? list(GLOBS) : v.string(GLOBS)))),
    keys: list('a list with at least one key'),
    context: v.optional(context),
  },
  'an object with `keys`',
);

const PROVIDER = 'a package or file, or an object with `module` and `options`';
const provider = v.strictObject(
  {
    module: either((input) => (isProvider(input) ? v.any() : v.string('a package or file'))),
    options: v.optional(byName(v.unknown(), 'names of options')),
  },
  PROVIDER,
);
const providers = byName(
  either((input) => {
    if (isProvider(input)) return v.any();
    return typeof input === 'object' && input !== null ? provider : v.string(PROVIDER);
  }),
  'schemes with their packages or files',
);

function whole(least: number, most: number) {
  const expected = `a whole number from ${least} to ${most}`;
  return v.pipe(
    v.number(expected),
    v.integer(expected),
    v.minValue(least, expected),
    v.maxValue(most, expected),
  );
}

/** As core has them. */
const tuning = v.strictObject(
  {
    concurrency: v.optional(whole(1, 1024)),
    requestBytes: v.optional(whole(1, 268_435_456)),
    partBytes: v.optional(whole(1, 1_073_741_824)),
    requestTimeoutMs: v.optional(milliseconds(1)),
    deadlineMs: v.optional(milliseconds(1)),
    attempts: v.optional(whole(1, 100)),
    hedge: v.optional(v.boolean('true or false')),
  },
  'an object with how requests are made',
);
const OPTIONS = 'options of the store, and `tuning`';
const stores = byName(
  v.pipe(byName(v.unknown(), OPTIONS), v.looseObject({ tuning: v.optional(tuning) }, OPTIONS)),
  'schemes, or beginnings of URIs, with what their stores are given',
);

const profile = v.strictObject(
  {
    keys: v.optional(namedKeys),
    recipients: v.optional(v.array(rule, 'a list of rules')),
    open: v.optional(list('a list with at least one key')),
    deadlineMs: v.optional(milliseconds(1)),
    hedgeMs: v.optional(milliseconds(0)),
    providers: v.optional(providers),
    stores: v.optional(stores),
    trust: v.optional(trustSchema),
  },
  'an object with what the profile changes',
);

const config = v.strictObject(
  {
    ...profile.entries,
    profile: v.optional(v.string('the name of a profile')),
    profiles: v.optional(byName(profile, 'names of profiles with what they change')),
  },
  'an object with `keys`, `recipients` and `open`',
);

type Member = 'config' | 'profile' | 'rule' | 'key' | 'provider' | 'tuning';

/** The names of an object's members, by what the object is. */
export const MEMBERS: Readonly<Record<Member, readonly string[]>> = {
  config: Object.keys(config.entries),
  profile: Object.keys(profile.entries),
  rule: Object.keys(rule.entries),
  key: Object.keys(key.entries),
  provider: Object.keys(provider.entries),
  tuning: Object.keys(tuning.entries),
};

/** What keeps a value from being a `ConfigInput`. */
export function shapeIssues(value: unknown): readonly v.BaseIssue<unknown>[] {
  return v.safeParse(config, value, { abortPipeEarly: true }).issues ?? [];
}
