// The API reference: a page for every symbol that a published package exports, from the declarations that npm would publish.
import { rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Application, Comment, Converter, ReflectionKind } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';
import ts from 'typescript';
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
  // What is left is what the name and the type do not say.
  tableColumnSettings: { hideModifiers: true, hideInherited: true, hideOverrides: true },
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
  /** An entry is called by its place, `core/dist`. */
  const packageOf = (entry: string) => packages.find(({ folder }) => folder === entry.split('/')[0]);
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_context, reflection) => {
    const found = reflection.kindOf(ReflectionKind.Module) ? packageOf(reflection.name) : undefined;
    if (found === undefined) return;
    reflection.name = found.name;
    reflection.comment = new Comment([{ kind: 'text', text: found.description }]);
  });
  const project = await app.convert();
  if (project === undefined) throw new Error('the API reference: the declarations do not compile');
  app.validate(project);
  for (const { displayName, program, sourceFile } of app.getEntryPoints() ?? []) {
    const checker = program.getTypeChecker();
    const symbol = checker.getSymbolAtLocation(sourceFile);
    const exported = (symbol === undefined ? [] : checker.getExportsOfModule(symbol))
      // For our own packages: `@hidden` takes it out here, where `@internal` would take it out of the declarations that they are compiled against.
      .filter(
        (one) =>
          !(one.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(one) : one)
            .getJsDocTags(checker)
            .some(({ name }) => name === 'hidden'),
      )
      .map(({ name }) => name);
    const module = project.children?.find(({ name }) => name === packageOf(displayName)?.name);
    const missing = exported.filter((name) => !module?.children?.some((child) => child.name === name));
    if (exported.length === 0 || missing.length > 0)
      throw new Error(
        `the API reference: of ${displayName} there is nothing about ${missing.join(', ') || 'anything'}`,
      );
  }
  await app.generateOutputs(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings())
    throw new Error(`the API reference could not be made of ${relative(ROOT, API)}`);
}
