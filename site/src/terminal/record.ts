// Runs a command on a terminal of its own and tells, after each piece of its output, what stands on the screen.
import { spawn } from 'node:child_process';
import xterm from '@xterm/headless';

export const COLUMNS = 96;
const ROWS = 60;

/** Text of one look; colours are numbers of the 16 that each terminal has, or undefined for the terminal's own. */
export interface Run {
  readonly column: number;
  readonly text: string;
  readonly colour: number | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
}
export type Screen = readonly (readonly Run[])[];

export interface Recording {
  readonly screens: readonly Screen[];
  readonly code: number | null;
}

/** `before` is on the screen already: the prompt, and what was typed there. util-linux's `script` makes the terminal. */
export async function record(
  command: readonly string[],
  before: string,
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Recording> {
  const terminal = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
  await write(terminal, before);
  const typed = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const child = spawn(
    'script',
    [
      '--quiet',
      '--return',
      '--flush',
      '--command',
      `stty cols ${COLUMNS} rows ${ROWS}; exec ${typed}`,
      '/dev/null',
    ],
    { ...options, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise<number | null>((resolve, reject) =>
    child
      .on('error', (cause) =>
        reject(new Error('`script` of util-linux makes the terminals; it cannot be run here', { cause })),
      )
      .on('close', resolve),
  );
  const screens: Screen[] = [];
  for await (const piece of child.stdout) {
    await write(terminal, piece);
    screens.push(screenOf(terminal));
  }
  const code = await ended;
  terminal.dispose();
  return { screens, code };
}

type Terminal = InstanceType<typeof xterm.Terminal>;

function write(terminal: Terminal, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => terminal.write(data, resolve));
}

function screenOf(terminal: Terminal): Screen {
  const { active } = terminal.buffer;
  const lines = Array.from({ length: active.length }, (_, row) => runsOf(terminal, row));
  return lines.slice(0, lines.findLastIndex((runs) => runs.length > 0) + 1);
}

function runsOf(terminal: Terminal, row: number): Run[] {
  const line = terminal.buffer.active.getLine(row);
  const runs: Run[] = [];
  for (let column = 0; column < COLUMNS; column++) {
    const cell = line?.getCell(column);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const text = cell.getChars() || ' ';
    const colour = cell.isFgPalette() ? cell.getFgColor() : undefined;
    const look = { colour, bold: cell.isBold() !== 0, dim: cell.isDim() !== 0 };
    const last = runs.at(-1);
    const same = last && last.colour === colour && last.bold === look.bold && last.dim === look.dim;
    if (same) runs[runs.length - 1] = { ...last, text: last.text + text };
    else runs.push({ column, text, ...look });
  }
  return runs.map((run) => ({ ...run, text: run.text.trimEnd() })).filter(({ text }) => text !== '');
}

export function textOf(screen: Screen): string {
  return screen
    .map((runs) => runs.reduce((line, { column, text }) => line.padEnd(column) + text, ''))
    .join('\n');
}
