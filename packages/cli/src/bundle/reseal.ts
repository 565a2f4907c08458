import { usageError } from '../cli-error.js';
import { quote } from '../text.js';
import type { Args, Result } from '../types.js';

export async function resealDirectory({ operand }: Args): Promise<Result> {
  throw usageError(
    `reseal: ${quote(operand)} is a directory, and only files are resealed in place. Open it, and seal what it holds anew: that gives it a new data key, and each member one.`,
  );
}
