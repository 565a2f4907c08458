// What stands in the small JSON files of Hugging Face's libraries. Another's text: what is not of the form that is looked for says nothing.

/** `model.safetensors.index.json`, `pytorch_model.bin.index.json`, `diffusion_pytorch_model.safetensors.index.fp16.json`. */
export const INDEX: RegExp = /\.index(?:\.[\w-]+)?\.json$/;
export const ADAPTER: RegExp = /(?:^|\/)adapter_config\.json$/;

/** The files that an index spreads the tensors over; none where it is no such index. */
export function shardsOf(text: string): string[] {
  const map = (parsed(text) as { weight_map?: unknown } | undefined)?.weight_map;
  if (typeof map !== 'object' || map === null) return [];
  return [...new Set(Object.values(map).filter((name) => typeof name === 'string'))];
}

/** The model that an adapter is for, by its path or its name on the hub. */
export function baseOf(text: string): string | undefined {
  const base = (parsed(text) as { base_model_name_or_path?: unknown } | undefined)?.base_model_name_or_path;
  return typeof base === 'string' && base !== '' ? base : undefined;
}

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
