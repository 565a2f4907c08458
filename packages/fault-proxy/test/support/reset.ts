/**
 * How a client sees that its connection was reset. The libuv of Node 22 (before 1.52) tells an end instead where the reset
 * comes together with data; on the wire it is the same.
 */
const [major = 0, minor = 0] = process.versions.uv.split('.').map(Number);
export const RESET: readonly string[] = major === 1 && minor < 52 ? ['ECONNRESET', 'FIN'] : ['ECONNRESET'];
