import { type Command, tryCapture } from '../process.ts';

export function cp(input: string, output: string): Command {
  return { label: 'cp', output, argv: ['cp', input, output] };
}

export function cpTree(input: string, output: string): Command {
  return { label: 'cp -r', output, argv: ['cp', '-r', input, output] };
}

export function sha256(input: string): Command {
  return { label: 'openssl dgst -sha256', argv: ['openssl', 'dgst', '-sha256', input] };
}

export function nodeStart(): Command {
  return { label: 'node -e 0', argv: [process.execPath, '-e', '0'] };
}

/** The same command on the first `count` of the processors that this process may use. */
export function onProcessors(command: Command, processors: readonly number[], count: number): Command {
  const list = processors.slice(0, count).join(',');
  return { ...command, argv: ['taskset', '-c', list, ...command.argv] };
}

export async function has(tool: string): Promise<boolean> {
  return (await tryCapture(['sh', '-c', `command -v ${tool}`])) !== undefined;
}
