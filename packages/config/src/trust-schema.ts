import { isUtcTime } from '@weightseal/core';
import * as v from 'valibot';

// As in schema.ts, every message says what is expected.

const FILES = 'the path of a file, or a list of them';
const VERSION = 'a version in quotes, numbers with dots, such as "1.2"';
const MOMENT = 'a moment in UTC, such as 2027-01-31T00:00:00Z';
const SIGNER =
  'a signer: `key` with the path of a public key, `certificate` with `roots`, or `sigstore` with `identity` and `issuer`';

const text = (expected: string) => v.pipe(v.string(expected), v.minLength(1, expected));
const texts = (expected: string) =>
  v.lazy((input) =>
    Array.isArray(input) ? v.pipe(v.array(text('text'), expected), v.minLength(1, expected)) : text(expected),
  );
const require = v.picklist(['enforce', 'warn', 'off'], 'enforce, warn or off');

const byKey = v.strictObject({ key: text('the path of a public key in PEM') }, SIGNER);
const byCertificate = v.strictObject(
  {
    certificate: v.strictObject(
      { roots: texts(FILES), identity: v.optional(text('a name of the signer')) },
      'an object with `roots`',
    ),
  },
  SIGNER,
);
const bySigstore = v.strictObject(
  {
    sigstore: v.strictObject(
      {
        identity: text('an identity'),
        issuer: text('the URL of who vouches for it'),
        trustedRoot: v.optional(text('the path of a trusted_root.json')),
      },
      'an object with `identity` and `issuer`',
    ),
  },
  SIGNER,
);
const signers = v.array(
  v.lazy((input): v.GenericSchema => {
    if (typeof input !== 'object' || input === null) return byKey;
    if ('certificate' in input) return byCertificate;
    return 'sigstore' in input ? bySigstore : byKey;
  }),
  'a list of signers',
);

const channel = v.strictObject(
  { at: text('a URI or a path'), signers: v.optional(signers) },
  'a URI or a path, or an object with `at`',
);
const rule = v.strictObject(
  {
    model: texts('a glob over names of models, or a list of globs'),
    signers: v.optional(signers),
    minVersion: v.optional(
      v.pipe(v.string(VERSION), v.regex(/^v?\d+(?:\.\d+)*(?:[-+][0-9A-Za-z.+-]+)?$/i, VERSION)),
    ),
    notAfter: v.optional(v.pipe(v.string(MOMENT), v.check(isUtcTime, MOMENT))),
    require: v.optional(require),
    channel: v.optional(
      v.lazy(
        (input): v.GenericSchema =>
          typeof input === 'object' && input !== null
            ? channel
            : text('a URI or a path, or an object with `at`'),
      ),
    ),
  },
  'an object with `model` and `signers`',
);

const TRUST = 'a list of rules, or an object with `rules`';
const rules = v.array(rule, TRUST);

const trust = v.strictObject(
  {
    rules: v.optional(rules),
    others: v.optional(require),
    state: v.optional(v.picklist(['user', 'none'], 'user or none')),
  },
  TRUST,
);

/** An empty list would refuse every model, and look as if it asked for nothing. */
export const trustSchema: v.GenericSchema = v.lazy(
  (input): v.GenericSchema => (Array.isArray(input) ? v.pipe(rules, v.minLength(1, TRUST)) : trust),
);

/** The names of the members of its objects, by the object's place below `trust`. */
export function trustMembersAt(path: readonly (string | number)[]): readonly string[] {
  const names = path.filter((step) => typeof step === 'string');
  const last = names.at(-1);
  if (last === 'certificate') return ['roots', 'identity'];
  if (last === 'sigstore') return ['identity', 'issuer', 'trustedRoot'];
  if (last === 'signers') return ['key', 'certificate', 'sigstore'];
  if (last === 'channel') return ['at', 'signers'];
  const isRule = last === 'rules' || typeof path.at(-1) === 'number';
  return isRule ? Object.keys(rule.entries) : ['rules', 'others', 'state'];
}
