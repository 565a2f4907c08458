/** Endings that models have, whatever they begin with. */
const ENDINGS = [
  ...[
    'safetensors',
    'gguf',
    'ggml',
    'llamafile',
    'msgpack',
    'pt',
    'pth',
    'pt2',
    'ptl',
    'pte',
    'ot',
    't7',
    'bin',
  ],
  ...[
    'onnx',
    'ort',
    'pkl',
    'pickle',
    'joblib',
    'dill',
    'nemo',
    'h5',
    'hdf5',
    'keras',
    'ckpt',
    'npy',
    'npz',
    'pb',
  ],
  ...[
    'tflite',
    'task',
    'litertlm',
    'mar',
    'engine',
    'plan',
    'trt',
    'weights',
    'caffemodel',
    'mlmodel',
    'params',
  ],
  ...['pdparams', 'pdiparams', 'pdmodel', 'mnn', 'rknn', 'dlc', 'hef', 'distcp', 'espresso', 'cbm', 'ubj'],
];
const LAST = new RegExp(`\\.(?:${ENDINGS.join('|')})$`, 'i');
/** Parts, copies and data beside it: `.safetensors.part-ab`, `.onnx_data`, `.gguf.1`; and how TensorFlow calls its shards. */
const WITHIN = new RegExp(`\\.(?:${ENDINGS.join('|')})(?![a-z0-9])|\\.data-\\d+-of-\\d+`, 'i');

/**
 * Whether a file is called like a model. Where more follows the ending, text is not: `model.safetensors.index.json`.
 *
 * @param head its first bytes, where they are known
 */
export function weightsByName(path: string, head?: Buffer): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (LAST.test(name)) return true;
  return WITHIN.test(name) && !(head && isText(head));
}

/** The last character may be cut. */
function isText(head: Buffer): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return /^(?:[^\p{Cc}]|[\t\n\r])*$/u.test(text);
  } catch {
    return false;
  }
}
