import type { Command } from './spec.js';

export const ABOUT_COMMANDS: readonly Command[] = [
  {
    name: 'completion',
    operand: '<bash|zsh|fish>',
    values: ['bash', 'zsh', 'fish'],
    prints: true,
    summary: 'print a completion script for your shell',
    about:
      'Prints a completion script: for commands, options and their values, files, keys, and the names and profiles of the configuration that counts.',
    flags: [],
    examples: [
      'weightseal completion bash > ~/.local/share/bash-completion/completions/weightseal',
      'weightseal completion zsh > "$' + '{fpath[1]}/_weightseal"',
      'weightseal completion fish > ~/.config/fish/completions/weightseal.fish',
    ],
  },
  {
    name: 'help',
    operand: '<topic>',
    anyNumber: true,
    prints: true,
    summary: 'show help for a command, an error code or a guide',
    about:
      'Shows the help of a command, what an error code means and what to do about it, or a whole guide. It is all in the package: nothing is asked of a network.',
    flags: [],
    examples: ['weightseal help seal', 'weightseal help NO_MATCHING_KEY', 'weightseal help key-uris'],
  },
  {
    name: 'version',
    prints: true,
    summary: 'show the version',
    about: 'Shows the version of weightseal, as --version does; with --json also that of Node.',
    flags: [],
    examples: ['weightseal version', 'weightseal version --json'],
  },
];
