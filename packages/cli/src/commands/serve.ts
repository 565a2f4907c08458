import type { ListenOptions } from '@weightseal/serve';
import { smallHeap } from '../bundle/small-heap.js';
import { usageError } from '../cli-error.js';
import { ClientRules } from '../client-rules.js';
import { LogLines } from '../log-lines.js';
import { note } from '../notes.js';
import { Place } from '../place.js';
import { printable, quote, size } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { byteCount, duration, wholeNumber } from '../values.js';

const FLUSH_MS = 1000;

export async function serve(args: Args, session: Session): Promise<Result> {
  const { operand } = args;
  if (operand === '-')
    throw usageError('serve: It serves a place, and no standard input. (A directory named - is ./-.)');
  const rules = new ClientRules(args.one('clients')!);
  const limits = limitsOf(args);
  const { createModelServer, passedSockets } = await import('@weightseal/serve');
  const listen = listenOf(args, passedSockets(process.env));
  const admin = adminOf(args);
  await using place = await Place.of(args, operand);
  await using tls = await tlsOf(args);
  // A thousand connections are many objects at once, and few that stay.
  using _small = smallHeap();
  const log = new LogLines();
  const tell = (value: object) => log.tell(printable(JSON.stringify(value)));
  const done = { requests: 0, refused: 0, sentSize: 0 };
  await using server = await createModelServer({
    root: place.at,
    tls,
    rules: rules.first,
    limits,
    any: args.has('any'),
    development: args.has('dev'),
    onAccess: (record) => {
      done.requests++;
      if (record.code !== undefined) done.refused++;
      done.sentSize += record.bytes;
      if (!args.has('quiet')) tell(record);
    },
    onProblem: ({ code, message }) => problem(args, tell, code, message),
  });
  using _rules = rules.watch({
    use: (read) => server.setRules(read),
    onRefused: (error) =>
      note(args, `${(error as Error).message} The rules that were there before stay in use.`),
    onReloaded: () => note(args, 'the rules for clients were read anew.'),
  });
  const probes = admin && (await server.listenAdmin(admin));
  const listening = at('https', await server.listen(listen));
  const told = { listening, ...(probes && { admin: at('http', probes) }) };
  if (args.has('json')) tell(told);
  note(
    args,
    `serving ${quote(operand)} at ${Object.values(told).join(', probes at ')}; each client shows a certificate.`,
  );
  await aborted(session.signal);
  const { cut } = await server.drain();
  await log.flush(FLUSH_MS);
  const { requests, sentSize } = done;
  return {
    value: { listening, ...done, cut },
    lines: [
      `answered ${requests} requests with ${size(sentSize)}${cut > 0 ? `; cut ${cut} that went on for too long` : ''}`,
    ],
    stdoutTaken: !args.has('json'),
    notes: [log.lost > 0 ? `${log.lost} lines of the log are lost, since nobody read them.` : undefined],
  };
}

function problem(args: Args, tell: (value: object) => void, code: string, message: string): void {
  if (args.has('json')) tell({ time: new Date().toISOString(), code, problem: message });
  else note(args, `${code}: ${message}`);
}

async function tlsOf(args: Args) {
  const { ReloadingTls } = await import('@weightseal/transit');
  const options = {
    role: 'server' as const,
    certificate: args.one('tls-cert')!,
    key: args.one('tls-key')!,
    ca: args.one('tls-ca')!,
    crl: args.one('tls-crl'),
    allowDevelopment: args.has('dev'),
  };
  return await ReloadingTls.create(options, {
    onRefused: ({ code, message }) => note(args, `${code}: ${message} What was there before stays in use.`),
    onReloaded: () => note(args, 'the certificates were read anew, for connections that are yet to come.'),
  });
}

function limitsOf(args: Args) {
  return {
    connections: wholeNumber(args, 'max-connections'),
    handshakes: wholeNumber(args, 'max-handshakes'),
    connectionsPerClient: wholeNumber(args, 'max-client-connections'),
    requests: wholeNumber(args, 'max-requests'),
    requestsPerClient: wholeNumber(args, 'max-client-requests'),
    bytesPerSecond: byteCount(args, 'client-rate'),
    headersMs: duration(args, 'header-time'),
    idleMs: duration(args, 'idle-time'),
    stallMs: duration(args, 'stall-time'),
    drainMs: duration(args, 'drain-time'),
  };
}

function listenOf(args: Args, passed: readonly number[]): ListenOptions {
  const text = args.one('listen');
  if (text !== undefined) return hostAndPort('listen', text);
  if (passed.length > 1)
    throw usageError(
      'systemd has passed several sockets; pass one, with one ListenStream= in the socket unit.',
    );
  return passed.length === 1 ? { fd: passed[0] } : { host: '127.0.0.1', port: 8443 };
}

function adminOf(args: Args): { readonly host: string; readonly port: number } | undefined {
  const text = args.one('admin');
  return text === undefined
    ? undefined
    : hostAndPort('admin', text.includes(':') ? text : `127.0.0.1:${text}`);
}

/** An address of IPv6 stands in brackets. @throws CliError of class usage */
function hostAndPort(flag: string, text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host !== undefined && Number(port) <= 65_535) return { host, port: Number(port) };
  throw usageError(
    `--${flag} takes a host and a port, such as 127.0.0.1:8443 or [::1]:8443, and not ${quote(text)}.`,
  );
}

function at(scheme: string, { host, port }: { readonly host: string; readonly port: number }): string {
  if (port === 0) return host;
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
