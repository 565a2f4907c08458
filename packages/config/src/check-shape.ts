import { didYouMean } from '@weightseal/core';
import type { BaseIssue } from 'valibot';
import { badProviders } from './check-providers.js';
import { badStores } from './check-stores.js';
import { badTrust } from './check-trust.js';
import type { ConfigInput, ProfileInput } from './define.js';
import { MEMBERS, shapeIssues } from './schema.js';
import { configInvalid, MOST_TOLD, type Path, type Problem, type Source } from './source.js';
import { trustMembersAt } from './trust-schema.js';

/** Without a colon, so that a name is never taken for a URI, and with nothing that a shell would take for its own. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
/** Names that have a meaning of their own in JavaScript's objects, and would be lost. */
const NO_NAMES: readonly string[] = ['__proto__', 'constructor', 'prototype'];
/** All of it is checked with each of them. */
const MAX_PROFILES = 100;
/** Deeper than any configuration is; a YAML alias can make a circle. */
const MAX_DEPTH = 8;

/**
 * What the source says, once it has the shape of a configuration.
 *
 * @param schemes those that a caller brings providers for
 * @throws CONFIG_INVALID
 */
export function checkShape(source: Source, schemes: readonly string[] = []): ConfigInput {
  reject(source, namesThatGetLost(source.value, []));
  // What is misspelt comes before what is therefore missing.
  const issues = shapeIssues(source.value).toSorted((a, b) => rank(a) - rank(b));
  reject(source, issues.slice(0, MOST_TOLD).map(problemOf));
  const config = source.value as ConfigInput;
  const profiles = Object.entries(config.profiles ?? {});
  if (profiles.length > MAX_PROFILES)
    reject(source, [
      { path: ['profiles'], text: `has ${profiles.length} profiles, and ${MAX_PROFILES} is the most.` },
    ]);
  reject(source, [
    ...badNames(config.keys, ['keys']),
    ...badNames(config.profiles, ['profiles']),
    ...profiles.flatMap(([name, { keys }]) => badNames(keys, ['profiles', name, 'keys'])),
    ...badProviders(config, []),
    ...profiles.flatMap(([name, profile]) => badProviders(profile, ['profiles', name])),
    ...storesIn(config, schemes),
    ...badTrust(config, []),
    ...profiles.flatMap(([name, profile]) => badTrust(profile, ['profiles', name])),
    ...deadRules(config, []),
    ...profiles.flatMap(([name, profile]) => deadRules(profile, ['profiles', name])),
  ]);
  return config;
}

/** A profile may say something of a store whose provider another layer has. */
function storesIn(config: ConfigInput, schemes: readonly string[]): Problem[] {
  const profiles = Object.entries(config.profiles ?? {});
  const layers = [config, ...profiles.map(([, profile]) => profile)];
  const others = [...schemes, ...layers.flatMap(({ providers = {} }) => Object.keys(providers))];
  return [
    ...badStores(config, [], others),
    ...profiles.flatMap(([name, profile]) => badStores(profile, ['profiles', name], others)),
  ];
}

function reject(source: Source, problems: readonly Problem[]): void {
  if (problems.length > 0) throw configInvalid(source, problems.slice(0, MOST_TOLD));
}

function rank(issue: BaseIssue<unknown>): number {
  return issue.expected === 'never' ? 0 : 1;
}

function problemOf(issue: BaseIssue<unknown>): Problem {
  const path = (issue.path ?? []).map(({ key }) => key as string | number);
  const parent = path.slice(0, -1);
  const last = String(path.at(-1));
  if (issue.type !== 'strict_object' || issue.expected === 'Object')
    return { path, text: `is ${kindOf(issue.input)}; expected is ${issue.message}.` };
  if (issue.expected !== 'never') return { path: parent, text: `lacks \`${last}\`.` };
  const known = membersAt(parent);
  const hint = didYouMean(last, known) || `; known are ${known.join(', ')}.`;
  return { path, part: 'name', text: `is not known${hint}` };
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (typeof value === 'string') return value === '' ? 'empty text' : 'text';
  if (typeof value === 'number') return `the number ${value}`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return typeof value === 'object'
    ? 'an object'
    : typeof value === 'boolean'
      ? `${value}`
      : `a ${typeof value}`;
}

function membersAt(path: Path): readonly string[] {
  const inProfile = path[0] === 'profiles';
  const below = inProfile ? path.slice(2) : path;
  const [part] = below;
  if (part === 'trust') return trustMembersAt(below);
  if (part === 'recipients') return MEMBERS.rule;
  if (part === 'keys') return MEMBERS.key;
  if (part === 'providers') return MEMBERS.provider;
  if (part === 'stores') return MEMBERS.tuning;
  return inProfile ? MEMBERS.profile : MEMBERS.config;
}

function namesThatGetLost(value: unknown, path: Path, seen = new Set<unknown>()): Problem[] {
  if (typeof value !== 'object' || value === null || path.length > MAX_DEPTH || seen.has(value)) return [];
  // Where aliases stand for it a hundred times, once is enough.
  seen.add(value);
  return Object.entries(value).flatMap(([name, inner]): Problem[] => {
    const at = [...path, Array.isArray(value) ? Number(name) : name];
    if (NO_NAMES.includes(name)) return [{ path: at, part: 'name', text: 'is not a name that can be used.' }];
    return namesThatGetLost(inner, at, seen);
  });
}

function badNames(record: Readonly<Record<string, unknown>> | undefined, path: Path): Problem[] {
  const bad = Object.keys(record ?? {}).filter((name) => !NAME.test(name));
  const text =
    'is not a name; a name has letters, digits, and . _ - after the first (a colon would make it a URI).';
  return bad.map((name) => ({ path: [...path, name], part: 'name', text }));
}

/** Whoever wrote them relies on them, and all that they are about would be sealed for somebody else. */
function deadRules({ recipients = [] }: ProfileInput, path: Path): Problem[] {
  const last = recipients.findIndex((rule) => rule.path === undefined);
  if (last < 0) return [];
  const text = `never counts, because recipients[${last}] before it has no path and so matches everything; put it before that one.`;
  return recipients
    .slice(last + 1)
    .map((_, index) => ({ path: [...path, 'recipients', last + 1 + index], text }));
}
