import { createHmac, randomBytes } from 'node:crypto';
import type { TokenIdentity } from './messages.js';

// A token counts wrong PINs, and locks itself after a few (often three). The same wrong one is therefore never sent a second time. PINs are
// short, so even of the wrong ones only a keyed digest is kept.
const key = randomBytes(32);
const wrong = new Set<string>();

export function isKnownWrong(token: TokenIdentity, pin: Uint8Array): boolean {
  return wrong.has(digest(token, pin));
}

export function rememberWrong(token: TokenIdentity, pin: Uint8Array): void {
  wrong.add(digest(token, pin));
}

function digest({ manufacturer, model, serial, token }: TokenIdentity, pin: Uint8Array): string {
  const name = JSON.stringify([manufacturer, model, serial, token]);
  return createHmac('sha256', key).update(`${name}\n`).update(pin).digest('base64');
}
