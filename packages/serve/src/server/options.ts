import {
  checkOptions,
  isLocation,
  WeightsealError as Refusal,
  type StoreLocation,
  type WeightsealError,
} from '@weightseal/core';
import {
  type AuthorisationRules,
  CheckedRules,
  checkRules,
  ReloadingTls,
  type ServerTls,
} from '@weightseal/transit';
import { type AllLimits, checkLimits, type Limits } from './limits.js';

/** What was asked, of whom, and what came of it. Neither headers nor bodies. */
export interface AccessRecord {
  /** When it began, RFC 3339 in UTC. */
  readonly time: string;
  /** Those names of the client's certificate that rules name; where none does, eight of its names at most. None where it was not looked at: a refused handshake, a request that is refused whoever asks. */
  readonly client: readonly string[];
  /** The address it came from. */
  readonly remote?: string | undefined;
  readonly method?: string | undefined;
  /** As it was asked for, without a query; of 1024 characters at most. */
  readonly path?: string | undefined;
  /** `1.1` or `2.0`. */
  readonly protocol?: string | undefined;
  /** 0 where there was no answer. */
  readonly status: number;
  /** Of the body, as they were sent. */
  readonly bytes: number;
  readonly ms: number;
  readonly model?: string | undefined;
  readonly version?: string | undefined;
  /** Why it was refused, or cut. */
  readonly code?: string | undefined;
}

export interface ModelServerOptions {
  /** A directory, or a place in a store (`locationFromUri` of `@weightseal/stores`). */
  readonly root: string | StoreLocation;
  /** `ReloadingTls.create({ role: 'server', … })`. HTTP/2 and HTTP/1.1 are offered, whatever its `alpn` says. */
  readonly tls: ReloadingTls<ServerTls>;
  /** Who may have what. Whom no rule names may have nothing. */
  readonly rules: AuthorisationRules | CheckedRules;
  /** Whether what is not sealed is served, too; the default is false. Not what holds a private key in PEM, in DER or as a JWK. */
  readonly any?: boolean | undefined;
  readonly limits?: Limits | undefined;
  /** Whether clients may come with certificates of `createDevCa`, which is only taken on a loopback address; the default is false. */
  readonly development?: boolean | undefined;
  /** Told of each request when it is over, and of each handshake that was refused. */
  readonly onAccess?: ((record: AccessRecord) => void) | undefined;
  /** Told of what is wrong inside: a disk, a store, a defect. */
  readonly onProblem?: ((error: WeightsealError) => void) | undefined;
}

export interface CheckedServer {
  readonly root: string | StoreLocation;
  readonly tls: ReloadingTls<ServerTls>;
  /** As they are now. */
  rules: CheckedRules;
  readonly any: boolean;
  readonly limits: AllLimits;
  readonly development: boolean;
  readonly onAccess: (record: AccessRecord) => void;
  readonly onProblem: (error: WeightsealError) => void;
}

/** @throws INVALID_ARGUMENT */
export function checkServerOptions(options: ModelServerOptions): CheckedServer {
  checkOptions(
    options,
    {
      root: 'any',
      tls: 'any',
      rules: 'object',
      any: 'boolean',
      limits: 'object',
      development: 'boolean',
      onAccess: 'function',
      onProblem: 'function',
    },
    'A server of models',
  );
  const { root, tls, rules, any = false, limits, development = false } = options;
  if (typeof root !== 'string' && !isLocation(root))
    throw new Refusal(
      'INVALID_ARGUMENT',
      'A server of models needs `root`: a directory, or a place in a store.',
    );
  if (!(tls instanceof ReloadingTls))
    throw new Refusal(
      'INVALID_ARGUMENT',
      "A server of models needs `tls`, as `ReloadingTls.create({ role: 'server', … })` of @weightseal/transit makes it.",
    );
  if (rules === undefined)
    throw new Refusal(
      'INVALID_ARGUMENT',
      'A server of models needs `rules`: whom none names may have nothing.',
    );
  return {
    root,
    tls,
    rules: checkedRules(rules),
    any,
    limits: checkLimits(limits),
    development,
    onAccess: options.onAccess ?? (() => {}),
    onProblem: options.onProblem ?? (() => {}),
  };
}

/** @throws INVALID_ARGUMENT */
export function checkedRules(rules: AuthorisationRules | CheckedRules): CheckedRules {
  return rules instanceof CheckedRules ? rules : checkRules(rules);
}
