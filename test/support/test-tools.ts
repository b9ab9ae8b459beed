// Tools that do what a test says.
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type Ask, notGranted, type Outcome } from '../../host-agent/hands/call/outcome.ts';
import { makeTool, type Situation, type Tool } from '../../host-agent/hands/call/tool.ts';
import { type Declared, declare } from '../../host-agent/hands/declared/declared.ts';

const say = declare({ name: 'say', description: 'Says a text.', args: { text: z.string() } });
const print = declare({ name: 'print', description: 'Prints pieces.', args: { pieces: z.array(z.string()) } });
const run = declare({
  name: 'run',
  description: 'Notes that it runs, starts a sleep of so many seconds and waits for it.',
  args: { seconds: z.string() },
});
const guarded = declare({ name: 'guarded', description: 'Needs a permission.', args: { command: z.string() } });
const odd = declare({ name: 'odd', description: 'For hostile actors.', args: { as: z.string() } });

const done = (text: string, directory: string): Outcome => ({
  kind: 'done',
  title: text.slice(0, 100),
  text,
  view: { kind: 'shell', command: text.slice(0, 100), directory, exitCode: 0, tail: '', isCut: false },
  metadata: { text },
});

/** Ends when what was started does; aborted, it ends that. */
const runSleep = async (seconds: string, { directory, signal, live }: Situation): Promise<Outcome> => {
  appendFileSync(join(directory, 'runs'), `${seconds}\n`);
  const child = spawn('sleep', [seconds], { stdio: 'ignore', detached: true });
  live(`started ${seconds}`);
  signal.addEventListener('abort', () => child.kill());
  await new Promise((resolve) => child.once('exit', resolve));
  signal.throwIfAborted();
  return done(seconds, directory);
};

const needed = (command: string): Ask[] => [
  { permission: 'bash', patterns: [command], always: [], metadata: { command } },
];

export const testTools: readonly Tool[] = [
  makeTool(say, async ({ text }, { directory }) => done(text, directory)),
  makeTool(print, async ({ pieces }, { directory, live }) => {
    for (const piece of pieces) live(piece);
    return done('printed', directory);
  }),
  makeTool(run, ({ seconds }, situation) => runSleep(seconds, situation)),
  makeTool(guarded, async ({ command }, { directory, granted }) => {
    const asks = notGranted(needed(command), granted);
    return asks.length > 0 ? { kind: 'asks', asks } : done('ran', directory);
  }),
];
export const declaredTestTools: readonly Declared[] = [say, print, run, guarded, odd];
