/** A key that wraps nothing at all: for processes that know of each other only by a file. */
export function dataKeyInTheClear(name) {
  return {
    provider: 'clear',
    uri: `clear:${name}`,
    wrap: async (dataKey) => ({
      keyUri: `clear:${name}`,
      keyVersion: '1',
      algorithm: 'none',
      ciphertext: Uint8Array.from(dataKey),
    }),
    unwrap: async ({ ciphertext }) => Uint8Array.from(ciphertext),
  };
}
