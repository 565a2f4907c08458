/** Of all packages. `.ci/set-version.mjs` writes it when a release gets its version. */
export const VERSION = '0.1.0';
