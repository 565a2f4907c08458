/** Whether a shell reads it as one word, and as no more than that. */
export function isPlain(text: string): boolean {
  return /^[\w][\w.@-]*$/.test(text);
}
