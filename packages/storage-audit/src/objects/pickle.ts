/** Protocols that begin with their number; before 2 a pickle begins like any text. */
const PROTO = 0x80;
const PROTOCOLS = [2, 3, 4, 5];
/** `torch.serialization.MAGIC_NUMBER`, as a pickle of its own at the beginning of what `torch.save` wrote before 1.6. */
const TORCH = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
const NAMES = /\.(?:pkl|pickle|joblib|pt|pth|bin|ckpt|model|sav)$/i;
/** Modules whose objects hold weights, as the opcodes that name a class do. */
const MODULES =
  /(?:torch|numpy|sklearn|xgboost|lightgbm|tensorflow|keras|jax|flax|transformers|joblib|catboost)(?:[._\w]*)[\n\x8c\x93\x94]/;

export function isTorchPickle(bytes: Buffer): boolean {
  return bytes.subarray(0, TORCH.length).equals(TORCH);
}

/** A pickle that by its name, or by the classes that it names, may well be a model. Others are a program's own business. */
export function isPickle(bytes: Buffer, path: string): boolean {
  if (bytes[0] !== PROTO || !PROTOCOLS.includes(bytes[1]!)) return false;
  return NAMES.test(path) || MODULES.test(bytes.toString('latin1'));
}
