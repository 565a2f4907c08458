// Node's cryptography. Taken this way, since an `import` evaluates all that the module offers, WebCrypto with it: 4 ms, where opening a
// small file should take 20.
const crypto: typeof import('node:crypto') = process.getBuiltinModule('node:crypto');

export const createCipheriv: typeof crypto.createCipheriv = crypto.createCipheriv;
export const createDecipheriv: typeof crypto.createDecipheriv = crypto.createDecipheriv;
export const createPrivateKey: typeof crypto.createPrivateKey = crypto.createPrivateKey;
export const createPublicKey: typeof crypto.createPublicKey = crypto.createPublicKey;
export const createHash: typeof crypto.createHash = crypto.createHash;
export const createHmac: typeof crypto.createHmac = crypto.createHmac;
export const generateKeyPair: typeof crypto.generateKeyPair = crypto.generateKeyPair;
export const randomBytes: typeof crypto.randomBytes = crypto.randomBytes;
export const randomFillSync: typeof crypto.randomFillSync = crypto.randomFillSync;
export const scrypt: typeof crypto.scrypt = crypto.scrypt;
export const sign: typeof crypto.sign = crypto.sign;
