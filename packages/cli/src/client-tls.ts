import { path as paths } from './builtins.js';
import { usageError } from './cli-error.js';
import type { Args } from './types.js';

const FLAGS = ['tls-cert', 'tls-key', 'tls-ca'] as const;

/** The certificate that is shown to servers, as the command line says; undefined where it says nothing, and a configuration may. @throws CliError of class usage for half of it */
export function clientTls(args: Args): object | undefined {
  const [certificate, key, ca] = FLAGS.map((name) => args.one(name)).map(fromHere);
  const crl = fromHere(args.one('tls-crl'));
  const serverNames = args.many('server-name');
  const others = [crl !== undefined, serverNames.length > 0, args.has('dev')].some(Boolean);
  if (certificate === undefined && key === undefined && ca === undefined && !others) return undefined;
  if (certificate === undefined || key === undefined || ca === undefined)
    throw usageError(
      '--tls-cert, --tls-key and --tls-ca go together: a certificate to show, its private key, and whom to trust.',
    );
  return {
    certificate,
    key,
    ca,
    ...(crl !== undefined && { crl }),
    ...(serverNames.length > 0 && { serverNames }),
    ...(args.has('dev') && { allowDevelopment: true }),
  };
}

/** What the command line names is where the command is, and not where a configuration is. Not normalised: what `..` leads to behind a link, only the kernel knows. */
function fromHere(path: string | undefined): string | undefined {
  return path === undefined || paths.isAbsolute(path) ? path : `${process.cwd()}/${path}`;
}
