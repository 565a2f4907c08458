/** FORMAT.md §27: what of a release everybody may read. Beside a sealed file they stand under its own name, a dot and these. */
export const MANIFEST_NAME = 'weightseal.manifest.json';
export const SIGNATURE_NAME = 'weightseal.sig';
/** Beside the releases of a model: which of them is the current one. */
export const CHANNEL_NAME = 'weightseal.channel.json';

/** Whether a file's name is that of what says who released another. */
export function isOfRelease(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name === CHANNEL_NAME || [MANIFEST_NAME, SIGNATURE_NAME].some((one) => name.endsWith(`.${one}`));
}
