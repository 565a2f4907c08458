import { FOREIGN, FOREIGN_ARN, FOREIGN_ID, FOREIGN_PATH, FREE } from './chosen.js';
import { ABSENT, ANYWHERE, type Context } from './condition.js';
import { ANONYMOUS, type Caller, OTHER } from './principal.js';

/** Somebody whom nobody knows, on one of the ways that he can choose. */
export interface Stranger {
  readonly caller: Caller;
  readonly context: Context;
}

/** From the Internet, or through an endpoint in a network of his own. */
const ROUTES: readonly Context[] = [
  {
    'aws:sourceip': ANYWHERE,
    'aws:vpcsourceip': ABSENT,
    'aws:sourcevpc': ABSENT,
    'aws:sourcevpce': ABSENT,
    'aws:sourcevpcarn': ABSENT,
    'aws:vpceaccount': ABSENT,
    'aws:vpceorgid': ABSENT,
    'aws:vpceorgpaths': ABSENT,
  },
  ...[false, true].map(
    (inOrganisation): Context => ({
      'aws:sourceip': ABSENT,
      'aws:vpcsourceip': FREE,
      'aws:sourcevpc': FOREIGN,
      'aws:sourcevpce': FOREIGN,
      'aws:sourcevpcarn': FOREIGN_ARN,
      'aws:vpceaccount': FOREIGN,
      'aws:vpceorgid': inOrganisation ? FOREIGN : ABSENT,
      'aws:vpceorgpaths': inOrganisation ? FOREIGN_PATH : ABSENT,
    }),
  ),
];

/** To the bucket itself, or by an access point that he has made for it. */
const DOORS: readonly Context[] = [
  {
    's3:dataaccesspointarn': ABSENT,
    's3:dataaccesspointaccount': ABSENT,
    's3:accesspointnetworkorigin': ABSENT,
  },
  {
    's3:dataaccesspointarn': FOREIGN_ARN,
    's3:dataaccesspointaccount': FOREIGN,
    's3:accesspointnetworkorigin': FREE,
  },
];

/** What S3 answers at all. */
const WIRES: readonly Context[] = [
  { 'aws:securetransport': ['true'], 's3:tlsversion': ['1.3'] },
  { 'aws:securetransport': ['true'], 's3:tlsversion': ['1.2'] },
  { 'aws:securetransport': ['false'], 's3:tlsversion': ABSENT },
];

const BY_NO_SERVICE: Context = {
  'aws:sourcearn': ABSENT,
  'aws:sourceaccount': ABSENT,
  'aws:sourceowner': ABSENT,
  'aws:sourceorgid': ABSENT,
  'aws:sourceorgpaths': ABSENT,
  'aws:principalservicename': ABSENT,
  'aws:principalservicenameslist': ABSENT,
};

const NOBODY: Context = {
  'aws:principalarn': ABSENT,
  'aws:principalaccount': ABSENT,
  'aws:principalorgid': ABSENT,
  'aws:principalorgpaths': ABSENT,
  'aws:username': ABSENT,
};

const WITHOUT_CREDENTIALS: Context = {
  ...BY_NO_SERVICE,
  ...NOBODY,
  'aws:viaawsservice': ['false'],
  'aws:principaltype': ['Anonymous'],
  'aws:principalisawsservice': ABSENT,
  'aws:userid': ['anonymous'],
};

/** A user, a session of a role, … of an account of his own, which may be in an organisation of his own. */
const IDENTITIES: readonly Context[] = ['User', 'AssumedRole', 'FederatedUser', 'Account'].flatMap((type) =>
  [true, false].map(
    (inOrganisation): Context => ({
      ...BY_NO_SERVICE,
      'aws:principalarn': FOREIGN_ARN,
      'aws:principalaccount': FOREIGN,
      'aws:principalorgid': inOrganisation ? FOREIGN : ABSENT,
      'aws:principalorgpaths': inOrganisation ? FOREIGN_PATH : ABSENT,
      'aws:principaltype': [type],
      'aws:principalisawsservice': ['false'],
      // He may let a service ask for him.
      'aws:viaawsservice': FREE,
      'aws:userid': FOREIGN_ID,
      'aws:username': type === 'User' ? FREE : ABSENT,
    }),
  ),
);

/** “*” is also a service of AWS, which works for whoever has told it to. */
export const SERVICE: Context = {
  ...NOBODY,
  'aws:sourcearn': FOREIGN_ARN,
  'aws:sourceaccount': FOREIGN,
  'aws:sourceowner': FOREIGN,
  'aws:sourceorgid': FOREIGN,
  'aws:sourceorgpaths': FOREIGN_PATH,
  'aws:viaawsservice': ['false'],
  'aws:principalisawsservice': ['true'],
  'aws:userid': FOREIGN_ID,
  'aws:principalservicename': FREE,
  'aws:principalservicenameslist': FREE,
  ...ROUTES[0],
  'aws:sourceip': ABSENT,
  ...DOORS[0],
  ...WIRES[0],
};

const WAYS: readonly Context[] = ROUTES.flatMap((route) =>
  DOORS.flatMap((door) => WIRES.map((wire) => ({ ...route, ...door, ...wire }))),
);

/**
 * What whoever asks cannot choose is here as it is with each of them, and what he can (Referer, UserAgent, tags, MFA) is not: a condition on that keeps nobody out. After
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
 */
export const STRANGERS: readonly Stranger[] = [
  ...WAYS.map((way) => ({ caller: ANONYMOUS, context: { ...WITHOUT_CREDENTIALS, ...way } })),
  ...IDENTITIES.flatMap((who) => WAYS.map((way) => ({ caller: OTHER, context: { ...who, ...way } }))),
  { caller: OTHER, context: SERVICE },
];
