// Looks at the built site in a headless Chromium that is installed here: three widths, light and dark. A page that is wider than the
// window, a picture that does not load, an error of a script are told; with a directory as argument, what the pages look like is left there.
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { SITE_OUTPUT } from './repository.ts';

const PAGES = [
  '',
  'quickstart',
  'overview',
  'seal-and-open',
  'providers/',
  'providers/aws',
  'key-uris',
  'configuration',
  'loading',
  'who-can-open',
  'signing',
  'operations',
  'cli',
  'errors',
  'format',
  'security',
  'performance',
  'architecture',
  'examples/model-server',
  'packages/cli',
  'api/',
  'api/core/',
  'api/core/functions/sealToFile',
  'api/core/interfaces/SealedReader',
  'api/loader/interfaces/LoadOptions',
  'files/examples/model-server/deploy',
];
const WIDTHS = [390, 820, 1440];
const SCHEMES = ['light', 'dark'] as const;
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
};

const program = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
if (program === undefined) {
  console.log('look: there is no Chromium here');
  process.exit();
}
const pictures = process.argv[2];
const problems: string[] = [];
const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox'] });
try {
  for (const width of WIDTHS) for (const scheme of SCHEMES) await look(browser, width, scheme);
} finally {
  await browser.close();
}
for (const one of problems) console.error(one);
if (problems.length > 0) process.exit(1);
console.log(
  `look: ${PAGES.length} pages at ${WIDTHS.join(', ')} pixels, light and dark: nothing is wider than the window`,
);

async function look(where: Browser, width: number, colorScheme: 'light' | 'dark'): Promise<void> {
  const context = await where.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  // No server: what the pages ask for comes from the build.
  await page.route('http://site/**', (route) => {
    const path = decodeURIComponent(new URL(route.request().url()).pathname);
    const file = join(SITE_OUTPUT, path.endsWith('/') ? `${path}index.html` : path);
    if (!existsSync(file)) return route.fulfill({ status: 404 });
    return route.fulfill({ body: readFileSync(file), contentType: TYPES[extname(file)] ?? 'text/plain' });
  });
  let at = '';
  page.on('pageerror', (error) => problems.push(`${at}: ${error.message}`));
  page.on('response', (answer) => {
    if (answer.status() >= 400) problems.push(`${at} asks for ${answer.url()}, which is not there`);
  });
  for (const name of PAGES) {
    at = `/${name} at ${width}, ${colorScheme}`;
    await page.goto(`http://site/${name.endsWith('/') || name === '' ? name : `${name}.html`}`, {
      waitUntil: 'load',
    });
    problems.push(...(await faults(page)).map((fault) => `${at}: ${fault}`));
    if (pictures !== undefined)
      await page.screenshot({
        path: join(pictures, `${name.replaceAll('/', '-') || 'index'}-${width}-${colorScheme}.png`),
        fullPage: true,
      });
  }
  problems.push(...(await search(page, 'KEY_DENIED')).map((fault) => `the search at ${width}: ${fault}`));
  await context.close();
}

/** The search finds a word where it is explained. */
async function search(page: Page, word: string): Promise<string[]> {
  await page.goto('http://site/quickstart.html', { waitUntil: 'networkidle' });
  await page.locator('#local-search button').click();
  await page.locator('#localsearch-input').fill(word);
  const found = page.locator('a.result[href*="errors.html"]').first();
  return await found.waitFor({ timeout: 30_000 }).then(
    () => [],
    () => [`${word} is not found in errors.html`],
  );
}

/** In the page: this package has no types of a browser. */
function faults(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const width = document.documentElement.clientWidth;
    const wide = document.documentElement.scrollWidth > width ? ['it scrolls sideways'] : [];
    const scrolls = (node) => node && node !== document.body && (getComputedStyle(node).overflowX !== 'visible' || scrolls(node.parentElement));
    const out = [...document.querySelectorAll('.vp-doc *')].filter((node) => {
      const box = node.getBoundingClientRect();
      return box.width > 0 && box.right > width + 1 && !scrolls(node);
    });
    const broken = [...document.images].filter((image) => image.complete && image.naturalWidth === 0);
    return [...wide, ...out.slice(0, 3).map((node) => node.tagName + ' sticks out: ' + node.textContent.slice(0, 60)),
      ...broken.map((image) => 'a picture is broken: ' + image.src)];
  })()`);
}
