import { printable } from '../text.js';
import { complete, type Offer } from './complete.js';

/** What the completion scripts ask with, before the words that have been typed. Not for people. */
export const COMPLETE = '__complete';

/** A line for each offer: its kind and what there is to it, between tabs. */
export async function offerLines(words: readonly string[]): Promise<string> {
  try {
    return (await complete(words)).map((one) => `${fields(one).map(printable).join('\t')}\n`).join('');
  } catch {
    // Nobody who types a command wants to read why.
    return '';
  }
}

function fields(offer: Offer): string[] {
  switch (offer.kind) {
    case 'word':
      return [offer.kind, offer.word, offer.about ?? ''];
    case 'prefix':
    case 'paths':
      return [offer.kind, offer.prefix];
    case 'command':
      return [offer.kind, String(offer.after)];
    default:
      return [offer.kind];
  }
}
