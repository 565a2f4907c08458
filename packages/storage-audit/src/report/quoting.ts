import { printable } from './text.js';

/** A word for a POSIX shell, so that it stays one word and nothing in it acts. */
export function shellWord(text: string): string {
  const shown = printable(text);
  return /^[\w@%+=:,./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}

/** A string of Terraform's language, in which no template begins: https://developer.hashicorp.com/terraform/language/expressions/strings */
export function hclString(text: string): string {
  return JSON.stringify(printable(text)).replace(/[$%](?=\{)/g, '$&$&');
}
