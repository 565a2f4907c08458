/** How a slot says that it was wrapped. */
export const ALGORITHM = 'AES-256-GCM';
export const IV_BYTES = 12;
export const TAG_BYTES = 16;
/** The key-encryption key: AES-256. */
export const KEY_BYTES = 32;
