// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for.
const control = /[\u0000-\u001f\u007f-\u009f]/;

/** Whether the text can stand in a key URI, and so in a file: no control characters, nothing that UTF-8 cannot spell. */
export function isPlain(text: string): boolean {
  return text.isWellFormed() && !control.test(text);
}
