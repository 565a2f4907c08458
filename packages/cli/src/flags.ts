import type { Flag } from './spec.js';

export const COMMON: readonly Flag[] = [
  { name: 'json', help: 'one JSON object on stdout, or {"error": …} on stderr' },
  { name: 'quiet', short: 'q', help: 'no summary, no notes, no progress bar' },
  { name: 'help', short: 'h', help: 'show this' },
];

export const allowKeyOfOthers: Flag = {
  name: 'allow-key-of-others',
  help: "read a key file that is another user's, who can change it",
};

/** Of the commands that wrap. */
export const allowWeakPassphrase: Flag = {
  name: 'allow-weak-passphrase',
  help: 'seal with a passphrase that would be guessed',
};

/** Which configuration counts. */
export const configuration: readonly Flag[] = [
  { name: 'config', value: 'file', help: 'the configuration; weightseal.config.* here or above unless told' },
  { name: 'profile', value: 'name', help: 'the profile of the configuration' },
];

export const provider: Flag = {
  name: 'provider',
  value: 'scheme=module',
  many: true,
  help: 'run this package or file (./…) for keys, or stores, of another scheme: `weightseal help own-provider`',
};

/** Of the commands that use keys: which configuration their names are of, and whose keys they may be. */
export const configured: readonly Flag[] = [...configuration, provider, allowKeyOfOthers];

export const key: Flag = {
  name: 'key',
  short: 'k',
  value: 'key',
  many: true,
  help: 'a key that may open it, a URI or a name; repeat for more, tried in this order',
};

export const expect: Flag = {
  name: 'context',
  short: 'c',
  value: 'name=value',
  many: true,
  help: 'refuse the file unless its context has this; repeat for more',
};

/** What a manifest is to say. */
export const releaseName: Flag = {
  name: 'release-name',
  value: 'name',
  help: 'what the manifest calls the model; the `model` of its context unless told',
};

export const releaseVersion: Flag = {
  name: 'release-version',
  value: 'version',
  help: 'which version it is, in the manifest; the `version` of its context unless told',
};

export const noManifest: Flag = {
  name: 'no-manifest',
  of: 'file',
  notOf: ' A bundle always has a manifest.',
  help: 'of a file: make no manifest beside it (<output>.weightseal.manifest.json)',
};

export const force: Flag = { name: 'force', short: 'f', help: 'replace an existing output' };

export const only: Flag = {
  name: 'only',
  value: 'glob',
  many: true,
  of: 'directory',
  help: "of a bundle: only the members that this names ('model-00001*', adapter/**); repeat for more",
};

export const allowExtra: Flag = {
  name: 'allow-extra',
  value: 'glob',
  many: true,
  of: 'directory',
  help: 'of a bundle: files that may stand in its directory and are none of its members; they are not read',
};

export const to: Flag = {
  name: 'to',
  value: 'key',
  many: true,
  help: 'add this key; one it has already is wrapped anew',
};

export const remove: Flag = {
  name: 'remove',
  value: 'key',
  many: true,
  help: 'take out this key, as `inspect` shows it, or by its name',
};
