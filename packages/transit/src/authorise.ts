import { checkOptions, WeightsealError } from '@weightseal/core';
import { peerError } from './errors.js';
import { globOf } from './names/glob.js';
import { type NamePattern, patternOf } from './names/pattern.js';
import { checkPeer, type Peer, type Revocation } from './peer.js';
import type { Certificate } from './x509/certificate.js';

/** Who may have what. Whom no rule names may have nothing. */
export interface ClientRule {
  /** Patterns of names in the client's certificate: `spiffe://prod/serving/*`, `dns:*.serving.example`, `uri:…`. One of them is enough. */
  readonly names: readonly string[];
  /** Globs of the models that these may have; `**` means all. */
  readonly models: readonly string[];
  /** Globs of their versions; all unless told. */
  readonly versions?: readonly string[] | undefined;
}

export interface AuthorisationRules {
  readonly clients: readonly ClientRule[];
}

export interface Asked {
  /** Without one, the question is only whether any rule names the client. */
  readonly model?: string | undefined;
  /** A model without a version may be had by rules that allow all versions. */
  readonly version?: string | undefined;
  /** What is known of revoked certificates now; a connection may be older than that. */
  readonly revocation?: Revocation | undefined;
  /** Milliseconds since 1970; now unless told. */
  readonly now?: number | undefined;
  /** Whether certificates of `createDevCa` are taken; the default is false. */
  readonly allowDevelopment?: boolean | undefined;
}

export interface Grant {
  /** Those of the certificate's names that rules name. */
  readonly names: readonly string[];
  /** Whether the client may have this one, for a list of what there is. */
  allows(model: string, version?: string): boolean;
}

interface Named {
  readonly name: string;
  readonly rule: ReadRule;
}

interface ReadRule {
  readonly names: readonly NamePattern[];
  readonly models: readonly ((name: string) => boolean)[];
  readonly versions: readonly ((name: string) => boolean)[];
  /** Whether it allows a model without a version. */
  readonly anyVersion: boolean;
}

/** Rules that were read, for many requests. */
export class CheckedRules {
  readonly #rules: readonly ReadRule[];

  /** @throws INVALID_ARGUMENT */
  constructor(rules: AuthorisationRules) {
    this.#rules = readRules(rules);
  }

  /**
   * Those that name the certificate, with the name.
   *
   * @internal
   */
  of(certificate: Certificate): Named[] {
    return this.#rules.flatMap((rule) => {
      const name = rule.names.map((matches) => matches(certificate)).find((one) => one !== undefined);
      return name === undefined ? [] : [{ name, rule }];
    });
  }
}

/** Reads rules once, and says what is wrong with them before a client comes. What is changed in them later has no effect on what this returns. @throws INVALID_ARGUMENT */
export function checkRules(rules: AuthorisationRules): CheckedRules {
  return new CheckedRules(rules);
}

/**
 * Whether a client may have a model, by its certificate and the rules. It asks nobody, and keeps nothing: call it for each request, since a certificate ends while its connection goes on.
 *
 * @throws CLIENT_FORBIDDEN, what `checkPeer` throws, INVALID_ARGUMENT
 */
export function authorise(peer: Peer, rules: AuthorisationRules | CheckedRules, asked: Asked = {}): Grant {
  const checked = rules instanceof CheckedRules ? rules : checkRules(rules);
  checkOptions(
    asked,
    { model: 'string', version: 'string', revocation: 'object', now: 'any', allowDevelopment: 'boolean' },
    'What is asked for',
  );
  const { model, version, ...checks } = asked;
  checkPeer(peer, { ...checks, role: 'client' });
  const found = checked.of(peer.certificate);
  if (found.length === 0) throw peerError('CLIENT_FORBIDDEN', `No rule names the client ${describe(peer)}`);
  const allows = (wanted: string, its?: string): boolean =>
    found.some(
      ({ rule }) =>
        rule.models.some((fits) => fits(wanted)) &&
        (its === undefined ? rule.anyVersion : rule.versions.some((fits) => fits(its))),
    );
  if (model !== undefined && !allows(model, version))
    throw peerError(
      'CLIENT_FORBIDDEN',
      `The client ${describe(peer)} may not have ${JSON.stringify(model).slice(0, 200)}${version === undefined ? '' : ` in version ${JSON.stringify(version).slice(0, 100)}`}`,
    );
  return { names: [...new Set(found.map(({ name }) => name))], allows };
}

function describe({ certificate: { uris, dnsNames, subject } }: Peer): string {
  return JSON.stringify(uris[0] ?? dnsNames[0] ?? subject).slice(0, 300);
}

function readRules(rules: AuthorisationRules): ReadRule[] {
  checkOptions(rules, { clients: 'list' }, 'The rules for clients');
  if (rules.clients === undefined) throw invalid('The rules for clients need `clients`, an array.');
  return rules.clients.map((rule) => {
    checkOptions(rule, { names: 'strings', models: 'strings', versions: 'strings' }, 'A rule for clients');
    const { names, models, versions = ['**'] } = rule;
    if (![names, models, versions].every((list) => list !== undefined && list.length > 0))
      throw invalid(
        'A rule for clients needs `names` and `models`, and none of its lists may be empty; ** means all models.',
      );
    return {
      names: names.map(patternOf),
      models: models.map((glob) => globOf(glob, '`models`')),
      versions: versions.map((glob) => globOf(glob, '`versions`')),
      anyVersion: versions.some((glob) => glob === '**' || glob === '*'),
    };
  });
}

function invalid(message: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', message);
}
