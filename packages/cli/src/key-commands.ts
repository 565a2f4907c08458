import { allowWeakPassphrase, configuration, configured, provider } from './flags.js';
import type { Command } from './spec.js';

export const KEY_COMMANDS: readonly Command[] = [
  {
    name: 'keys list',
    prints: true,
    summary: 'show what the configuration says of keys',
    about:
      'Shows the names of the configuration with their keys, the rules for sealing, and the keys for opening. Asks no key.',
    flags: [...configuration, provider],
    examples: ['weightseal keys list', 'weightseal keys list --profile prod --json | jq .keys'],
  },
  {
    name: 'keys check',
    operand: '<key>',
    anyNumber: true,
    prints: true,
    summary: 'see whether keys work, and what permission is missing',
    about:
      'Wraps and unwraps a data key that nobody uses, under a context that nobody has, and sees that another context is refused. ' +
      'Tells how long each call takes (loading the provider by itself; the first call includes finding credentials), and of the state of the key and its rotation where this identity may see them. ' +
      'Without <key>, checks every key that the configuration names.',
    flags: [...configured, allowWeakPassphrase],
    examples: [
      'weightseal keys check',
      'weightseal keys check models --profile prod',
      'weightseal keys check local:models.key --json',
      'weightseal keys check corp-kms://models --provider corp-kms=@corp/kms',
    ],
  },
  {
    name: 'config show',
    operand: '<file>',
    anyNumber: true,
    summary: 'show which configuration counts here, whether it is trusted, and what it says',
    about:
      'Shows which configuration would be used here, whether it is trusted and why not, and what it says as it is written: keys, recipients, and what it ' +
      'reads from the environment, names of hosts and modules, and runs of code. Nothing of it takes effect, and no key is asked.',
    flags: [],
    examples: ['weightseal config show', 'weightseal config show models/weightseal.config.yaml --json'],
  },
  {
    name: 'config trust',
    operand: '<file>',
    anyNumber: true,
    summary: 'let a configuration that is only found take effect, as it is now',
    about:
      'A configuration that is found here or above may have come with something that you downloaded, and says whom you seal for, which hosts are asked with your credentials, and which code is run for keys and stores of other providers. ' +
      'So it has no effect until you trust it. This shows what it says, and remembers its path and SHA-256 in ~/.local/state/weightseal/trust ($XDG_STATE_HOME), with that of each file that it runs; when one of them changes, it has to be trusted anew. ' +
      'One that is named, by --config or WEIGHTSEAL_CONFIG, needs no trust. Without <file>, trusts the one that is found.',
    flags: [],
    examples: ['weightseal config trust', 'weightseal config trust ../weightseal.config.yaml'],
  },
  {
    name: 'config untrust',
    operand: '<file>',
    anyNumber: true,
    summary: 'take that back',
    about:
      'Takes back what `config trust` remembered of a file, whatever it said then; by its path, also when it is no longer there. Without <file>, of the one that is found.',
    flags: [],
    examples: ['weightseal config untrust'],
  },
  {
    name: 'rotate',
    operand: '<key>',
    summary: 'give a key a new version, now or on a schedule',
    about:
      'Gives a key a new version, which wraps from now on. What older versions wrapped still opens; `rewrap` moves a file to the new one.',
    flags: [
      { name: 'every', value: 'days', help: 'have the provider do it by itself, every so many days' },
      { name: 'off', help: 'no longer have the provider do it by itself' },
      { name: 'status', help: 'only show how the key turns over, and when' },
      ...configured,
    ],
    examples: [
      'weightseal rotate local:models.key',
      'weightseal rotate models --every 90',
      'weightseal rotate models --status',
    ],
  },
];
