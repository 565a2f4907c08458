/** Of all packages. Written by `.ci/set-version.mjs` with the versions of a release. */
export const VERSION = '0.1.0';
