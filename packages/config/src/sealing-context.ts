import { type Context, encodeContext, WeightsealError } from '@weightseal/core';
import type { RecipientRule } from './config.js';

/** The context of a seal: what is given with it, and what the rule sets. @throws INVALID_ARGUMENT, CONTEXT_INVALID */
export function sealingContext(rule: RecipientRule, given: Context, where: string): Context {
  // What is no plain object would lose its pairs here without a word.
  encodeContext(given);
  // Empty is what a variable gives that nobody has set.
  const missing = rule.requiredContext.filter((name) => !(Object.hasOwn(given, name) && given[name]));
  if (missing.length > 0) {
    const flags = missing.map((name) => `--context ${JSON.stringify(`${name}=…`)}`).join(' ');
    throw new WeightsealError('INVALID_ARGUMENT', `${where} wants to be told the context: ${flags}.`);
  }
  const other = Object.keys(given).find(
    (name) => Object.hasOwn(rule.context, name) && rule.context[name] !== given[name],
  );
  if (other === undefined) return { ...given, ...rule.context };
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `${where} sets ${JSON.stringify(other)} in the context itself, to something else; leave it out.`,
  );
}
