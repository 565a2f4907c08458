import type { ProfileInput } from './define.js';
import { hasReference } from './interpolate.js';
import type { Path, Problem } from './source.js';
import {
  isRules,
  listOf,
  type SignerInput,
  type TrustGiven,
  type TrustRuleInput,
  trustOf,
} from './trust-input.js';

const NOT_OFFERED = /[[\]{}\\]|^!/;
const FROM_ENVIRONMENT =
  'takes nothing from the environment: who is trusted, and for what, stands in the configuration.';

/** What `trust` says that cannot be meant. */
export function badTrust({ trust }: ProfileInput, path: Path): Problem[] {
  if (!trust) return [];
  const at = rulesAt(trust, path);
  const { rules = [] } = trustOf(trust);
  // Whoever trusts the configuration has read whom it trusts. Where a channel is may come from the environment: who signs it does not.
  const said = rules.map(({ channel, ...rule }) =>
    typeof channel === 'object' ? { ...rule, channel: { signers: channel.signers } } : rule,
  );
  return [
    ...referencesIn(said, at),
    ...rules.flatMap((rule, index) => badRule(rule, [...at, index])),
    ...deadRules(rules, at),
  ];
}

/** Whoever wrote them relies on them. */
function deadRules(rules: readonly TrustRuleInput[], at: Path): Problem[] {
  const every = rules.findIndex(({ model }) => listOf(model).includes('**'));
  if (every < 0) return [];
  const text = `never counts, because rule [${every}] before it is about every model (**); put it before that one.`;
  return rules.slice(every + 1).map((_, index) => ({ path: [...at, every + 1 + index], text }));
}

/** @param path of what has `trust` */
export function rulesAt(trust: TrustGiven, path: Path): Path {
  return [...path, 'trust', ...(isRules(trust) ? [] : ['rules'])];
}

function referencesIn(value: unknown, at: Path): Problem[] {
  if (typeof value === 'string') return hasReference(value) ? [{ path: at, text: FROM_ENVIRONMENT }] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) =>
    referencesIn(one, [...at, Array.isArray(value) ? Number(name) : name]),
  );
}

function badRule({ model, signers = [], require = 'enforce', channel }: TrustRuleInput, at: Path): Problem[] {
  const globs = listOf(model).filter((glob) => NOT_OFFERED.test(glob));
  const ofChannel = typeof channel === 'object' ? (channel.signers ?? signers) : signers;
  return [
    ...globs.map(() => ({
      path: [...at, 'model'],
      text: 'has one of [ ] { } \\, or ! at its beginning, which are not offered; * and ? stand for characters, ** for names.',
    })),
    ...(signers.length === 0 && require === 'enforce'
      ? [{ path: at, text: 'has no signer, and so refuses every release; name one in `signers`.' }]
      : []),
    ...(channel !== undefined && ofChannel.length === 0
      ? [
          {
            path: [...at, 'channel'],
            text: 'has nobody whose word counts for it; name somebody in `signers`.',
          },
        ]
      : []),
    ...signers.flatMap((signer, index) => badSigner(signer, [...at, 'signers', index])),
  ];
}

function badSigner(signer: SignerInput, at: Path): Problem[] {
  return Object.keys(signer).length === 1
    ? []
    : [{ path: at, text: 'has one of key, certificate and sigstore.' }];
}
