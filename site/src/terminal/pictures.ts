// A line `<!-- terminal: inspect -->` in a page, which a reader of the Markdown does not see, is on the site the picture of that name, in place of the
// `text` that follows it.
import type { MarkdownRenderer } from 'vitepress';
import { TERMINALS } from '../repository.ts';
import { SHOTS } from './shots.ts';

const MARK = /^<!-- terminal: ([a-z-]+) -->\s*$/;

export function terminalPictures(md: MarkdownRenderer): void {
  md.core.ruler.push('terminal-pictures', ({ tokens, env }) => {
    for (const [index, token] of tokens.entries()) {
      const name = token.type === 'html_block' ? MARK.exec(token.content)?.[1] : undefined;
      if (name === undefined) continue;
      const shot = SHOTS.find((one) => one.name === name);
      if (shot === undefined)
        throw new Error(`${env.relativePath} shows the terminal "${name}", which SHOTS does not have`);
      const next = tokens[index + 1];
      if (next?.type === 'fence' && next.info === 'text')
        Object.assign(next, { type: 'html_block', content: '' });
      token.content = `<div class="terminal"><img src="/${TERMINALS}/${name}.svg" alt="${shot.title}"></div>\n`;
    }
  });
}
