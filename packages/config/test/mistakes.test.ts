import { isWeightsealError } from '@weightseal/core';
import { describe, expect, test } from 'vitest';
import { Folder } from './support/folder.js';

/** What is said of a configuration that cannot be. */
async function said(name: string, text: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  await using folder = await Folder.with({ [name]: text });
  try {
    await folder.load({ path: name, env });
  } catch (error) {
    if (!isWeightsealError(error)) throw error;
    expect(error.code).toBe('CONFIG_INVALID');
    return error.message;
  }
  return 'nothing';
}

/** Each text has one mistake; what is said of it comes after `file:`. */
const YAML: Readonly<Record<string, readonly [text: string, said: string]>> = {
  'a member that nobody knows': [
    'keys:\n  a: local:a\ndedlineMs: 5\n',
    '3:1: dedlineMs is not known; did you mean deadlineMs?',
  ],
  'a member that resembles none': [
    'colour: red\n',
    '1:1: colour is not known; known are keys, recipients, open, deadlineMs, hedgeMs, providers, stores, trust, profile, profiles.',
  ],
  'a misspelt member of a rule': [
    'recipients:\n  - path: "*"\n    kyes: [local:a]\n',
    '3:5: recipients[0].kyes is not known; did you mean keys? (The first of 2 mistakes.)',
  ],
  'a misspelt member of a key': [
    'keys:\n  a: { uri: "local:a", deadlineMS: 5 }\n',
    '2:24: keys.a.deadlineMS is not known; did you mean deadlineMs?',
  ],
  'a misspelt member of a profile': [
    'profiles:\n  dev:\n    hedgems: 5\n',
    '3:5: profiles.dev.hedgems is not known; did you mean hedgeMs?',
  ],
  'a profile in a profile': [
    'profiles:\n  dev:\n    profile: dev\n',
    '3:5: profiles.dev.profile is not known; known are keys, recipients, open, deadlineMs, hedgeMs, providers, stores, trust.',
  ],
  'a store of a scheme that is misspelt': [
    'stores: { gcs: {} }\n',
    "1:11: stores.gcs is no scheme of stores, nor the beginning of a store's URI; did you mean gs?",
  ],
  'a signed URL of a store': [
    'stores: { "https://h/a?sig=1": {} }\n',
    '1:1: stores has a name with what no URI of a store has: a query, a fragment, a user name, a blank; signatures are its `query`.',
  ],
  'a credential for every host': [
    'stores: { https: { headers: { authorization: x } } }\n',
    '1:29: stores.https.headers would go to every host; say it of one: "https://HOST".',
  ],
  'a credential for every account': [
    'stores: { az: { sasToken: { env: X } } }\n',
    '1:27: stores.az.sasToken would go to every account; say it of one: "az://ACCOUNT".',
  ],
  'a store that is text': [
    'stores: { s3: https://h }\n',
    '1:15: stores.s3 is text; expected is options of the store, and `tuning`.',
  ],
  'a misspelt member of a tuning': [
    'stores: { s3: { tuning: { concurency: 5 } } }\n',
    '1:27: stores.s3.tuning.concurency is not known; did you mean concurrency?',
  ],
  'a number of a tuning that is out of range': [
    'stores: { s3: { tuning: { attempts: 0 } } }\n',
    '1:37: stores.s3.tuning.attempts is the number 0; expected is a whole number from 1 to 100.',
  ],
  'a provider for stores of ours': [
    'providers: { s3: "@corp/s3" }\n',
    "1:14: providers.s3 is a scheme of weightseal's own, and no other provider can take it over; choose another.",
  ],
  'text where a number belongs': [
    'deadlineMs: 10s\n',
    '1:13: deadlineMs is text; expected is a whole number of milliseconds from 1 to 2147483647.',
  ],
  'a number out of range': [
    'hedgeMs: -1\n',
    '1:10: hedgeMs is the number -1; expected is a whole number of milliseconds from 0 to 2147483647.',
  ],
  'a number where text belongs': [
    'recipients:\n  - keys: [local:a]\n    context:\n      version: 3\n',
    '4:16: recipients[0].context.version is the number 3; expected is text, or true.',
  ],
  'false where only true has a meaning': [
    'recipients:\n  - keys: [local:a]\n    context: { model: false }\n',
    '3:23: recipients[0].context.model is false; expected is text, or true.',
  ],
  'a provider for keys of ours': [
    'providers:\n  vault: "@corp/vault"\n',
    "2:3: providers.vault is a scheme of weightseal's own, and no other provider can take it over; choose another.",
  ],
  'a provider for what is no scheme': [
    'providers: { Corp: "@corp/kms" }\n',
    '1:14: providers.Corp is no scheme: that is a letter in lower case and then letters, digits and + . -',
  ],
  'a provider that is no module': [
    'providers: { corp: "https://example.com/kms.js" }\n',
    '1:20: providers.corp is neither the name of a package nor a path that begins with ./ or ../.',
  ],
  'a provider somewhere else': [
    'profiles:\n  dev:\n    providers: { corp: { module: /opt/corp.mjs } }\n',
    '3:34: profiles.dev.providers.corp.module is an absolute path; name the file from here, beginning with ./ or ../.',
  ],
  'a provider out of the environment': [
    // biome-ignore lint/suspicious/noTemplateCurlyInString: such texts are what this is about.
    'providers: { corp: "${CORP:-@corp/kms}" }\n',
    '1:20: providers.corp takes nothing from the environment: what is run stands in the configuration.',
  ],
  'options that are in themselves': [
    'providers: { corp: { module: "@corp/kms", options: &o { a: [1, *o] } } }\n',
    '1:55: providers.corp.options is nested in itself, or deeper than 8 levels.',
  ],
  'a misspelt member of a provider': [
    'providers:\n  corp: { modul: "@corp/kms" }\n',
    '2:11: providers.corp.modul is not known; did you mean module? (The first of 2 mistakes.)',
  ],
  'a number where a provider belongs': [
    'providers: { corp: 3 }\n',
    '1:20: providers.corp is the number 3; expected is a package or file, or an object with `module` and `options`.',
  ],
  'a key of a provider that is only nearly there': [
    'providers: { corp-kms: "@corp/kms" }\nkeys: { a: "corp-kns://a" }\n',
    '2:12: keys.a is of no provider; did you mean corp-kms?',
  ],
  'a key without a URI': [
    'keys:\n  a:\n',
    '2:5: keys.a is empty; expected is a key URI, or an object with `uri` and `deadlineMs`.',
  ],
  'a key with a deadline and nothing else': ['keys:\n  a: { deadlineMs: 5 }\n', '2:6: keys.a lacks `uri`.'],
  'a rule for nobody': [
    'recipients:\n  - keys: []\n',
    '2:11: recipients[0].keys is an empty list; expected is a list with at least one key.',
  ],
  'a rule without keys': ['recipients:\n  - path: "*"\n', '2:5: recipients[0] lacks `keys`.'],
  'rules that are no list': [
    'recipients:\n  keys: [local:a]\n',
    '2:3: recipients is an object; expected is a list of rules.',
  ],
  'a name that could be a URI': [
    'keys:\n  "aws:prod": local:a\n',
    '2:3: keys."aws:prod" is not a name; a name has letters, digits, and . _ - after the first (a colon would make it a URI).',
  ],
  'a name that JavaScript would lose': [
    'keys:\n  __proto__: local:a\n',
    '2:3: keys.__proto__ is not a name that can be used.',
  ],
  'a name in a rule that is no key': [
    'keys:\n  models: local:a\nrecipients:\n  - keys: [modles]\n',
    '4:12: recipients[0].keys[0] names "modles", which is no key; did you mean models?',
  ],
  'a name in open that is no key': [
    'keys: { a: local:a, b: local:b }\nopen:\n  - zebra\n',
    '3:5: open[0] names "zebra", which is no key; the keys are a, b.',
  ],
  'a name where a URI belongs': [
    'keys:\n  a: models.key\n',
    '2:6: keys.a is not a key URI, which starts with its scheme: local:, passphrase:, aws-kms:, gcp-kms:, azure-kv:, pkcs11:, vault:.',
  ],
  'a scheme that nobody has': [
    'keys:\n  a: awskms://alias/a\n',
    '2:6: keys.a is of no provider; did you mean aws-kms?',
  ],
  'a pattern that begins with !': [
    'recipients:\n  - path: ["a", "!b"]\n    keys: [local:a]\n',
    '2:17: recipients[0].path[1] starts with !, which is not offered; put a rule for what is excepted before this one.',
  ],
  'a pattern in quotes that is none': [
    'recipients:\n  - path: ""\n    keys: [local:a]\n',
    '2:11: recipients[0].path is an empty glob, which matches nothing; leave out `path` for a rule that matches everything.',
  ],
  'a pattern that no file matches': [
    'recipients:\n  - path: secret/\n    keys: [local:a]\n',
    '2:11: recipients[0].path ends with /, and so matches no file; write ** after it for all that is in the directory.',
  ],
  'a pattern without quotes that YAML takes for something else': [
    'recipients:\n  - path: *.safetensors\n    keys: [local:a]\n',
    '2:11: A text that begins with * stands in quotes, like "*.safetensors"; without them it is a YAML alias, and of no anchor before it.',
  ],
  'a rule after the one that matches everything': [
    'recipients:\n  - keys: [local:a]\n  - path: secret/**\n    keys: [local:b]\n',
    '3:5: recipients[1] never counts, because recipients[0] before it has no path and so matches everything; put it before that one.',
  ],
  'such a rule in a profile': [
    'profiles:\n  p:\n    recipients: [{ keys: [local:a] }, { keys: [local:b] }]\n',
    '3:39: profiles.p.recipients[1] never counts, because recipients[0] before it has no path and so matches everything; put it before that one.',
  ],
  'keys in a list': [
    'keys:\n  - local:a\n',
    '2:3: keys is a list; expected is names of keys with their URIs.',
  ],
  'a context in a list': [
    'recipients:\n  - keys: [local:a]\n    context: [model]\n',
    '3:14: recipients[0].context is a list; expected is names with text, or with true.',
  ],
  'a number that is none': [
    'hedgeMs: 1e400\n',
    '1:10: hedgeMs is the number Infinity; expected is a whole number of milliseconds from 0 to 2147483647.',
  ],
  'a preset profile that there is not': [
    'profile: pord\nprofiles: { prod: {} }\n',
    '1:10: profile names no profile; did you mean prod?',
  ],
  'a mistake in a profile that does not count now': [
    'profile: dev\nkeys: { a: local:a }\nprofiles:\n  dev: {}\n  prod:\n    open: [b]\n',
    '6:12: profiles.prod.open[0] names "b", which is no key; the keys are a.',
  ],
  'a variable that is not set': [
    `keys:\n  a: aws-kms://\${KEY}\n`,
    `2:6: keys.a needs the environment variable KEY, which is not set or empty; set it, or give a default: \${KEY:-…}.`,
  ],
  'a variable that every object has, and the environment does not': [
    `keys:\n  a: "local:\${constructor}"\n`,
    `2:6: keys.a needs the environment variable constructor, which is not set or empty; set it, or give a default: \${constructor:-…}.`,
  ],
  'a variable without an end': [
    `keys:\n  a: "local:\${KEY"\n`,
    `2:6: keys.a has a \${ that is neither \${NAME} nor \${NAME:-default}; $\${ stands for \${ itself.`,
  ],
  'a name twice': [
    'keys:\n  a: local:a\n  a: local:b\n',
    '3:3: This name stands here a second time; keep one of them.',
  ],
  "a tag that is not YAML's": [
    'keys: !!js/function a\n',
    '1:7: Unresolved tag: tag:yaml.org,2002:js/function.',
  ],
  'two documents': ['keys: {}\n---\nkeys: {}\n', '2:1: A second document begins here.'],
  'a former URI of a key that is no host’s': [
    'keys:\n  a: { uri: "local:a", formerUris: ["local:b"] }\n',
    '2:37: keys.a.formerUris[0] cannot be: keys of local: have one URI; only those of azure-kv:, vault: are named by a host, which may change.',
  ],
  'a former URI that is none': [
    'keys:\n  a: { uri: "vault://h/t/keys/a", formerUris: ["old.example"] }\n',
    '2:48: keys.a.formerUris[0] is not a key URI, which starts with its scheme: local:, passphrase:, aws-kms:, gcp-kms:, azure-kv:, pkcs11:, vault:.',
  ],
  'a former URI of a file': [
    'keys:\n  a: { uri: "vault://h/t/keys/a", formerUris: ["local:a"] }\n',
    '2:48: keys.a.formerUris[0] cannot be: keys of local: have one URI; only those of azure-kv:, vault: are named by a host, which may change.',
  ],
  'a former URI of another provider': [
    'keys:\n  a: { uri: "vault://h/t/keys/a", formerUris: ["azure-kv://v.vault.azure.net/keys/a"] }\n',
    '2:48: keys.a.formerUris[0] is of azure-kv:, and the key of vault:, so that they are not the same key.',
  ],
  'a circle': [
    'keys: &k\n  a: *k\n',
    '2:3: keys.a.a is not known; known are uri, formerUris, deadlineMs. (The first of 2 mistakes.)',
  ],
};

describe('a mistake in YAML is told with its line', () => {
  for (const [what, [text, expected]] of Object.entries(YAML)) {
    test(what, async () => {
      expect(await said('weightseal.config.yaml', text)).toBe(`weightseal.config.yaml:${expected}`);
    });
  }

  test('nothing at all', async () => {
    expect(await said('weightseal.config.yml', '')).toMatch(
      /^weightseal\.config\.yml:1:1: the configuration is empty; expected is an object/,
    );
  });

  test('several: the message has the first, and failures all of them', async () => {
    await using folder = await Folder.with({
      'weightseal.config.yaml': 'open: 1\nhedge: 2\ndeadlineMs: x\n',
    });
    const error = await folder.load({ path: 'weightseal.config.yaml' }).catch((reason: unknown) => reason);
    if (!isWeightsealError(error)) throw error;
    expect(error.message).toContain('(The first of 3 mistakes.)');
    expect(error.failures.map(({ message }) => /yaml:(\d+)/.exec(message)?.[1]).sort()).toEqual([
      '1',
      '2',
      '3',
    ]);
  });

  test('the place of what stands behind an alias is where it is written', async () => {
    const text = 'keys:\n  a: &a { uri: "local:a", deadline: 1 }\n  b: *a\n';
    expect(await said('weightseal.config.yaml', text)).toContain(':2:27: keys.a.deadline is not known');
  });
});

test('a few lines of YAML cannot fill the memory', async () => {
  const layers = ['x', 'a', 'b', 'c', 'd', 'e', 'f'].map((inner, depth, all) => {
    const items = depth === 0 ? ['0'] : Array<string>(9).fill(`*${all[depth - 1]}`);
    return `${inner}: &${inner} [${items.join(', ')}]`;
  });
  expect(await said('weightseal.config.yaml', layers.join('\n'))).toBe(
    'weightseal.config.yaml:1:1: Its aliases stand for too much; write out what they stand for.',
  );
});

describe('a mistake in JSON is told with its line', () => {
  test.for([
    ['{\n  "keys": { "a": 5 }\n}', '2:18: keys.a is the number 5; expected is a key URI'],
    ['{\n\t"hedge": 1\n}', '2:2: hedge is not known; did you mean hedgeMs?'],
    ['{\n  "keys": {},\n}', '3:1: This is not JSON'],
    ['{\n  // why\n  "keys": {}\n}', '2:3: This is not JSON'],
    ['{\n  "keys": {},\n  "open": [\'a\']\n}', '3:12: This is not JSON'],
    ['', '1:1: This is not JSON'],
    ["{ 'keys': {} }", '1:3: This is not JSON'],
    ['{ "keys": {}, "keys": {} }', '1:15: This name stands here a second time; keep one of them.'],
    ['{ "keys": ', 'weightseal.config.json:1:'],
  ] as const)('%s', async ([text, expected]) => {
    expect(await said('weightseal.config.json', text)).toContain(expected);
  });
});

describe('a mistake in a program is told with its path', () => {
  test.for([
    [
      'ts',
      'export default { recipients: [{ path: "*", key: ["local:a"] }] };',
      'recipients[0].key is not known; did you mean keys?',
    ],
    ['js', 'export default { keys: { a: () => "local:a" } };', 'keys.a is a function; expected is a key URI'],
    ['mjs', 'export const keys = {};', 'It exports no configuration: `export default { … }`.'],
    ['ts', 'throw new Error("no such secret");', 'It fails to load: no such secret'],
    ['ts', 'export default {', 'It fails to load: ParseError: Unexpected token '],
    ['ts', 'export default { keys: new Map() };', 'keys is an object; expected is names of keys'],
    ['js', 'import "./nothing.js"; export default {};', 'It fails to load: Cannot find module'],
  ] as const)('%s: %s', async ([extension, text, expected]) => {
    expect(await said(`weightseal.config.${extension}`, text)).toContain(
      `weightseal.config.${extension}: ${expected}`,
    );
  });
});

test('what the environment holds is in no message', async () => {
  const env = { KEY: 'hunter2', OTHER: 'hunter2://x' };
  const text = `keys: { a: "\${KEY}", b: "\${OTHER}" }\nopen: ["\${KEY}"]\nprofile: \${KEY}\n`;
  expect(await said('weightseal.config.yaml', text, env)).not.toContain('hunter2');
  expect(await said('weightseal.config.yaml', text.replace(/profile.*/, ''), env)).not.toContain('hunter2');
});
