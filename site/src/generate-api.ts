// The API reference: a page for every symbol that a published package exports, from the declarations that npm would publish.
import { rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Application, Converter, ReflectionKind } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';
import { API, publishedPackages, ROOT } from './repository.ts';

const MARKDOWN: Partial<PluginOptions> = {
  outputFileStrategy: 'members',
  entryFileName: 'README',
  hideBreadcrumbs: true,
  hidePageHeader: true,
  excludeScopesInPaths: true,
  useCodeBlocks: true,
  expandObjects: true,
  indexFormat: 'table',
  expandParameters: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  enumMembersFormat: 'table',
  navigationJson: join(ROOT, API, 'navigation.json'),
};

export async function generateApi(): Promise<void> {
  const packages = publishedPackages().filter(({ types }) => types !== undefined);
  rmSync(join(ROOT, API), { recursive: true, force: true });
  const app = await Application.bootstrapWithPlugins({
    name: 'API',
    entryPoints: packages.map(({ types }) => types!),
    entryPointStrategy: 'expand',
    plugin: ['typedoc-plugin-markdown'],
    tsconfig: join(ROOT, 'site/tsconfig.api.json'),
    outputs: [{ name: 'markdown', path: join(ROOT, API) }],
    readme: 'none',
    disableSources: true,
    groupOrder: ['Functions', 'Classes', 'Interfaces', '*'],
    excludeExternals: true,
    excludeInternal: true,
    excludePrivate: true,
    // A type that a signature names and no package exports, or a link to nothing, ends the build.
    validation: { notExported: true, invalidLink: true, invalidPath: true, notDocumented: false },
    treatWarningsAsErrors: true,
    logLevel: 'Warn',
    ...MARKDOWN,
  });
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return;
    const folder = reflection.name.split('/')[0];
    const found = packages.find((one) => one.folder === folder);
    if (found) reflection.name = found.name;
  });
  const project = await app.convert();
  if (project === undefined) throw new Error('the API reference: the declarations do not compile');
  app.validate(project);
  await app.generateOutputs(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings())
    throw new Error(`the API reference could not be made of ${relative(ROOT, API)}`);
}
