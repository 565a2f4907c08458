/** APPNOTE.TXT 4.3.7: a local file header, and where in it the length of its name and the name stand. */
const LOCAL = Buffer.from('504b0304', 'hex');
const NAME_LENGTH_AT = 26;
const NAME_AT = 30;
/** What `torch.save` writes since 1.6, and TorchScript: all below one folder. */
const OF_TORCH =
  /^[^/]+\/(?:data\.pkl|constants\.pkl|version|byteorder|\.format_version|\.storage_alignment|\.data\/serialization_id|data\/\d+|code\/.+)$/;
const TORCH_NAMES = /\.(?:pt|pth|ckpt|bin|ptl|mar)$/i;

/** What the names of the members say, of those that begin within these bytes; the name of the file only where a zip of that name is nothing else. */
export function zipKind(bytes: Buffer, path: string): 'torch' | 'numpy' | 'keras' | undefined {
  if (!isZip(bytes)) return undefined;
  const names = namesIn(bytes);
  if (names.some((name) => OF_TORCH.test(name))) return 'torch';
  if (names.some((name) => name.endsWith('.npy'))) return 'numpy';
  if (names.includes('model.weights.h5') || (/\.keras$/i.test(path) && names.includes('metadata.json')))
    return 'keras';
  return TORCH_NAMES.test(path) ? 'torch' : undefined;
}

export function isZip(bytes: Buffer): boolean {
  return bytes.subarray(0, LOCAL.length).equals(LOCAL);
}

/** Of the members that begin within these bytes. */
export function namesIn(bytes: Buffer): string[] {
  const names: string[] = [];
  for (let at = 0; at >= 0 && at + NAME_AT < bytes.length; at = bytes.indexOf(LOCAL, at + NAME_AT)) {
    const length = bytes.readUInt16LE(at + NAME_LENGTH_AT);
    names.push(bytes.toString('latin1', at + NAME_AT, at + NAME_AT + length));
  }
  return names;
}
