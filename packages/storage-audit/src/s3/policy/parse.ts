import { WeightsealError } from '@weightseal/core';
import { parseStrictly } from '../../strict-json.js';
import type { Condition, Named, Policy, PrincipalKind, Statement, Which, Who } from './document.js';

/** S3 takes 20 KB; other servers may take more. */
const MAX_LENGTH = 65_536;
const MEMBERS = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
];
const KINDS: readonly string[] = ['AWS', 'Service', 'Federated', 'CanonicalUser'] satisfies PrincipalKind[];

type Members = Readonly<Record<string, unknown>>;

/**
 * The policy of a bucket, by the grammar of IAM's policies. What that does not know is refused: a statement that is half understood could be taken for one that protects.
 *
 * @throws STORE_RESPONSE_INVALID
 */
export function parsePolicy(text: string): Policy {
  if (text.length > MAX_LENGTH) throw unclear(`it is longer than ${MAX_LENGTH} characters`);
  let value: unknown;
  try {
    value = parseStrictly(text);
  } catch (cause) {
    throw unclear('it is no JSON, or has a member twice', cause);
  }
  const { Version: version, Id: id, Statement: given, ...others } = membersOf(value, 'it');
  refuseOthers(others, 'it');
  if (version !== undefined && version !== '2012-10-17' && version !== '2008-10-17')
    throw unclear('its Version is neither 2012-10-17 nor 2008-10-17');
  if (id !== undefined && typeof id !== 'string') throw unclear('its Id is no text');
  if (given === undefined) throw unclear('it has no Statement');
  const statements = Array.isArray(given) ? (given as unknown[]) : [given];
  return { statements: statements.map((one, index) => statementOf(one, `statement ${index + 1}`)) };
}

function statementOf(value: unknown, where: string): Statement {
  const members = membersOf(value, where);
  refuseOthers(
    Object.fromEntries(Object.entries(members).filter(([name]) => !MEMBERS.includes(name))),
    where,
  );
  const { Sid: sid, Effect: effect, Condition: condition = {} } = members;
  if (sid !== undefined && typeof sid !== 'string') throw unclear(`the Sid of ${where} is no text`);
  if (effect !== 'Allow' && effect !== 'Deny')
    throw unclear(`the Effect of ${where} is neither Allow nor Deny`);
  return {
    sid,
    effect,
    who: whoOf(members, where),
    actions: whichOf(members, 'Action', where),
    resources: whichOf(members, 'Resource', where),
    conditions: conditionsOf(condition, where),
  };
}

function whichOf(members: Members, name: 'Action' | 'Resource', where: string): Which {
  const not = oneOf(members, name, where);
  return { not, patterns: textsOf(members[not ? `Not${name}` : name], `the ${name} of ${where}`) };
}

function whoOf(members: Members, where: string): Who {
  const not = oneOf(members, 'Principal', where);
  const given = members[not ? 'NotPrincipal' : 'Principal'];
  if (given === '*') return { not, everyone: true, named: [] };
  const named = Object.entries(membersOf(given, `the Principal of ${where}`)).flatMap(([kind, ids]) => {
    if (!KINDS.includes(kind)) throw unclear(`the Principal of ${where} is of an unknown kind`);
    return textsOf(ids, `the Principal of ${where}`).map(
      (id): Named => ({ kind: kind as PrincipalKind, id }),
    );
  });
  const isAll = ({ kind, id }: Named): boolean => kind === 'AWS' && id === '*';
  return { not, everyone: named.some(isAll), named: named.filter((one) => !isAll(one)) };
}

/** Whether it is the `Not…` that is there. Exactly one of both must be. */
function oneOf(members: Members, name: string, where: string): boolean {
  const [plain, not] = [name in members, `Not${name}` in members];
  if (plain === not) throw unclear(`${where} has ${plain ? 'both' : 'neither'} ${name} and Not${name}`);
  return not;
}

function conditionsOf(value: unknown, where: string): readonly Condition[] {
  return Object.entries(membersOf(value, `the Condition of ${where}`)).flatMap(([operator, keys]) =>
    Object.entries(membersOf(keys, `a Condition of ${where}`)).map(([key, values]) => ({
      operator,
      key: key.toLowerCase(),
      values: textsOf(values, `a Condition of ${where}`),
    })),
  );
}

/** One or several; numbers and truth may be told without quotation marks. */
function textsOf(value: unknown, what: string): readonly string[] {
  const values = Array.isArray(value) ? (value as unknown[]) : [value];
  return values.map((one) => {
    if (typeof one === 'string') return one;
    if (typeof one === 'boolean' || typeof one === 'number') return String(one);
    throw unclear(`${what} holds something else than texts`);
  });
}

function membersOf(value: unknown, what: string): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
  throw unclear(`${what} is no object`);
}

function refuseOthers(others: object, where: string): void {
  const [name] = Object.keys(others);
  if (name !== undefined)
    throw unclear(`${where} has the member ${JSON.stringify(name.slice(0, 64))}, which no policy has`);
}

function unclear(problem: string, cause?: unknown): WeightsealError {
  return new WeightsealError(
    'STORE_RESPONSE_INVALID',
    `The policy of the bucket cannot be judged: ${problem}. Put a policy there that IAM's grammar takes.`,
    cause === undefined ? {} : { cause },
  );
}
