// A page for each file and directory of the repository that a page links to and that is no page itself.
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import MarkdownIt from 'markdown-it';
import { filePage, isDirectory, links, targetOf } from './links.ts';
import { ROOT } from './repository.ts';
import { pages } from './routes.ts';

/** More than this is told by its size: nobody reads results of measurements in a browser. */
const SHOWN_BYTES = 16 * 1024;
const LANGUAGES: Readonly<Record<string, string>> = { '.service': 'ini', '.mjs': 'js', '.yaml': 'yaml' };

export function generateFiles(): void {
  const md = new MarkdownIt({ html: true });
  for (const page of pages()) {
    const text = readFileSync(join(ROOT, page), 'utf8');
    for (const link of links(md.parse(text, {}))) {
      const target = targetOf(page, link.attrGet('href') ?? '');
      if (target.kind === 'file') write(target.path);
    }
  }
}

function write(path: string): void {
  const page = join(ROOT, filePage(path));
  const files = isDirectory(path) ? readdirSync(join(ROOT, path)).sort() : undefined;
  const body = files === undefined ? content(path) : directory(path, files);
  mkdirSync(dirname(page), { recursive: true });
  writeFileSync(page, `---\naside: false\n---\n\n# ${path}\n\n${body}\n`);
}

function directory(path: string, files: readonly string[]): string {
  const inner = files.map((file) => join(path, file)).filter((file) => !isDirectory(file));
  return `A directory of the repository.\n\n${inner.map((file) => `## ${file.slice(path.length + 1)}\n\n${content(file)}`).join('\n\n')}`;
}

function content(path: string): string {
  const { size } = statSync(join(ROOT, path));
  if (size > SHOWN_BYTES) return `${Math.ceil(size / 1024)} KiB, in the repository.`;
  const text = readFileSync(join(ROOT, path), 'utf8');
  const language = LANGUAGES[extname(path)] ?? (extname(path).slice(1) || 'text');
  return `\`\`\`\`\`${language}\n${text.trimEnd()}\n\`\`\`\`\``;
}
