import { HelperFailure, type TokenIdentity, type TokenQuery } from '../messages.js';
import { CKF, CKM_AES_GCM, CKR } from './constants.js';
import { type Handle, readHandles, readText, readUlong } from './layout.js';
import type { Library } from './library.js';

/** CK_SLOT_INFO: two texts, the flags, and two versions of two bytes. */
const SLOT = { description: [0, 64], manufacturer: [64, 32], flags: 96, size: 128 } as const;
/** CK_TOKEN_INFO: four texts, the flags, ten CK_ULONGs, two versions and a time. */
const TOKEN = {
  token: [0, 32],
  manufacturer: [32, 32],
  model: [64, 16],
  serial: [80, 16],
  flags: 96,
  size: 256,
} as const;

export interface Token {
  readonly slot: Handle;
  readonly identity: TokenIdentity;
  readonly hardware: boolean;
  readonly loginRequired: boolean;
}

/** The one initialized token that fits. @throws HelperFailure */
export async function findToken(library: Library, query: TokenQuery): Promise<Token> {
  const found: Token[] = [];
  for (const slot of await slotsWithToken(library)) {
    const token = await readToken(library, slot, query);
    if (token) found.push(token);
  }
  const [token, ...more] = found;
  if (!token) throw new HelperFailure({ kind: 'no-token' });
  if (more.length > 0) throw new HelperFailure({ kind: 'many-tokens' });
  return token;
}

async function slotsWithToken(library: Library): Promise<Handle[]> {
  using memory = library.memory();
  const { layout } = library;
  for (;;) {
    const count = memory.fields(0);
    await library.call('C_GetSlotList', [1, null, count.address]);
    const length = readUlong(layout, count.bytes) ?? 0;
    if (length === 0) return [];
    const slots = memory.empty(length * layout.ulong);
    const rv = await library.call('C_GetSlotList', [1, slots.address, count.address], [CKR.BUFFER_TOO_SMALL]);
    // A token was put in meanwhile.
    if (rv === CKR.BUFFER_TOO_SMALL) continue;
    return readHandles(layout, slots.bytes, Math.min(length, readUlong(layout, count.bytes) ?? 0));
  }
}

/** The token in the slot, if it is the one that is asked for. */
async function readToken(library: Library, slot: Handle, query: TokenQuery): Promise<Token | undefined> {
  using memory = library.memory();
  const { layout } = library;
  const slotInfo = memory.empty(SLOT.size);
  await library.call('C_GetSlotInfo', [slot, slotInfo.address]);
  const info = memory.empty(TOKEN.size);
  // It may have been taken out meanwhile, or be one that only its vendor's tools can read.
  const gone = [CKR.TOKEN_NOT_PRESENT, CKR.TOKEN_NOT_RECOGNIZED, CKR.DEVICE_REMOVED];
  if ((await library.call('C_GetTokenInfo', [slot, info.address], gone)) !== CKR.OK) return undefined;
  const flags = readUlong(layout, info.bytes, TOKEN.flags) ?? 0;
  const identity: TokenIdentity = {
    token: readText(info.bytes, ...TOKEN.token),
    manufacturer: readText(info.bytes, ...TOKEN.manufacturer),
    model: readText(info.bytes, ...TOKEN.model),
    serial: readText(info.bytes, ...TOKEN.serial),
  };
  const told = {
    ...identity,
    slotId: Number(slot),
    slotDescription: readText(slotInfo.bytes, ...SLOT.description),
    slotManufacturer: readText(slotInfo.bytes, ...SLOT.manufacturer),
  };
  if ((flags & CKF.TOKEN_INITIALIZED) === 0 || !fits(told, query)) return undefined;
  return {
    slot,
    identity,
    hardware: ((readUlong(layout, slotInfo.bytes, SLOT.flags) ?? 0) & CKF.HW_SLOT) !== 0,
    loginRequired: (flags & CKF.LOGIN_REQUIRED) !== 0,
  };
}

function fits(told: Required<TokenQuery>, query: TokenQuery): boolean {
  return (Object.keys(told) as (keyof TokenQuery)[]).every(
    (name) => query[name] === undefined || query[name] === told[name],
  );
}

/** A PIN that is wrong now would lock the token. @throws HelperFailure */
export async function checkTriesLeft(library: Library, slot: Handle): Promise<void> {
  using memory = library.memory();
  const info = memory.empty(TOKEN.size);
  await library.call('C_GetTokenInfo', [slot, info.address]);
  const flags = readUlong(library.layout, info.bytes, TOKEN.flags) ?? 0;
  if ((flags & CKF.USER_PIN_LOCKED) !== 0)
    throw new HelperFailure({ kind: 'ckr', fn: 'C_GetTokenInfo', rv: CKR.PIN_LOCKED });
  if ((flags & CKF.USER_PIN_FINAL_TRY) !== 0) throw new HelperFailure({ kind: 'final-try' });
}

/** @throws HelperFailure unless the token encrypts and decrypts with AES-GCM */
export async function checkMechanism(library: Library, slot: Handle): Promise<void> {
  using memory = library.memory();
  const info = memory.fields(0, 0, 0);
  const rv = await library.call(
    'C_GetMechanismInfo',
    [slot, CKM_AES_GCM, info.address],
    [CKR.MECHANISM_INVALID],
  );
  const flags = readUlong(library.layout, info.bytes, 2 * library.layout.ulong) ?? 0;
  const both = CKF.ENCRYPT | CKF.DECRYPT;
  if (rv !== CKR.OK || (flags & both) !== both) throw new HelperFailure({ kind: 'no-mechanism' });
}
