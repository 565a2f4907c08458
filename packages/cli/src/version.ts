import { fs } from './builtins.js';

/** Of this package, as published. */
export function version(): string {
  const manifest = fs.readFileSync(new URL('../package.json', import.meta.url), 'utf8');

  return (JSON.parse(manifest) as { version: string }).version;
}
