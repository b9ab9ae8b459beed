// Records what the real OpenCode sends on /global/event for small scenarios: the fixtures of the pure translator tests.
// Run: node test/support/record-streams.ts [scenario …]
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { collectFrames } from './frames.ts';
import { deputy, startLab } from './lab.ts';

/** Late updates follow the end of a turn (cost, summary); nothing says that they were the last. */
const quietBeforeEndMs = 600;
const fixtures = join(import.meta.dirname, '../fixtures/opencode');

const lab = await startLab({ config: deputy });
const frames = await collectFrames({ url: lab.openCode.url, authorization: lab.authorization });

type Place = { session: string; directory: string; from: number };

const statusOf = async ({ directory }: Place): Promise<Record<string, unknown>> =>
  z
    .record(z.string(), z.unknown())
    .parse(await lab.call('GET', `/session/status?directory=${encodeURIComponent(directory)}`));

const finished = async (place: Place): Promise<void> => {
  do await pause(50);
  while (frames.quietMs() < quietBeforeEndMs || place.session in (await statusOf(place)));
};

const turn = async (place: Place, ...lines: string[]): Promise<void> => {
  await lab.prompt(place.session, lines.join('\n'));
  await finished(place);
};

/** Waits until the model stands at its gate and OpenCode has shown the text before it. */
const shown = async (place: Place, gate: string, text: string): Promise<void> => {
  await lab.model.reached(gate);
  await frames.until(
    (type, session, frame) => type === 'message.part.delta' && session === place.session && frame.includes(`"${text}"`),
    place.from,
  );
};

const tool = (name: string, input: object): string => `TOOL ${name} ${JSON.stringify(input)}`;

const scenarios: Record<string, (place: Place) => Promise<void>> = {
  text: (place) => turn(place, 'SAY Hello there, dear reader.'),
  'reasoning-and-text': (place) => turn(place, 'REASON Let me think first.', 'SAY The answer is 42.'),
  'tool-write': (place) => {
    const input = { filePath: join(place.directory, 'a.txt'), content: 'one\ntwo\n' };
    return turn(place, 'SAY I write a file.', tool('write', input), 'SAY Written.');
  },
  'bash-output': (place) => {
    const command = 'for i in 1 2 3; do echo line $i; sleep 0.2; done';
    return turn(place, tool('bash', { command, description: 'Print lines' }), 'SAY Printed.');
  },
  'provider-error': (place) => turn(place, 'ERROR 400'),
  retry: (place) => turn(place, 'ERROR 500 1', 'SAY After the retry.'),
  'cut-then-retry': async (place) => {
    const ended = turn(place, 'SAY one two', 'WAIT cut', 'CUT 1', 'SAY three');
    await shown(place, 'cut', 'two');
    lab.model.release('cut');
    await frames.until((type, session) => type === 'session.idle' && session === place.session, place.from);
    await ended;
  },
  'abort-mid-text': async (place) => {
    await lab.prompt(place.session, ['SAY one two three', 'WAIT abort', 'SAY four'].join('\n'));
    await shown(place, 'abort', 'three');
    await lab.call('POST', `/session/${place.session}/abort`);
    await finished(place);
  },
  'two-messages': async (place) => {
    await turn(place, 'SAY First answer.');
    await turn(place, 'SAY Second answer.');
  },
  subagent: (place) => {
    const input = { description: 'Look around', prompt: 'SAY The child says hi.', subagent_type: 'general' };
    return turn(place, 'SAY I delegate.', tool('task', input), 'SAY The child is done.');
  },
  'nested-subagents': (place) => {
    const todos = (content: string) => ({ todos: [{ content, status: 'in_progress', priority: 'high' }] });
    const inner = { description: 'Look closer', prompt: 'SAY The grandchild says hi.', subagent_type: 'general' };
    const prompt = [tool('todowrite', todos("The child's own")), tool('task', inner), 'SAY The child says hi.'];
    const outer = { description: 'Look around', prompt: prompt.join('\n'), subagent_type: 'deputy' };
    return turn(place, tool('todowrite', todos('Delegate')), tool('task', outer), 'SAY Both are done.');
  },
  'unknown-tool': (place) => turn(place, tool('teleport', { to: 'moon' }), 'SAY No such tool.'),
};

const record = async (name: string, run: (place: Place) => Promise<void>): Promise<void> => {
  const directory = lab.missionDirectory(name);
  const from = frames.texts.length;
  const session = await lab.createSession(directory, `Scenario ${name}`);
  await run({ session, directory, from });

  const mine = frames.texts.slice(from);
  const sessions = new Set(mine.flatMap((frame) => frame.match(/ses_[A-Za-z0-9]+/g) ?? []));
  const Rows = z.array(z.looseObject({ aggregate_id: z.string() }));
  const rows = Rows.parse(await lab.call('POST', '/sync/history', {})).filter((row) => sessions.has(row.aggregate_id));
  writeFileSync(join(fixtures, `${name}.jsonl`), `${mine.join('\n')}\n`);
  const lines = rows.map((row) => JSON.stringify(row)).join(',\n');
  writeFileSync(join(fixtures, `${name}.history.json`), `[\n${lines}\n]\n`);
  process.stderr.write(`${name}: ${mine.length} frames, ${rows.length} rows\n`);
};

mkdirSync(fixtures, { recursive: true });
const wanted = process.argv.slice(2);
try {
  for (const [name, run] of Object.entries(scenarios)) {
    if (wanted.length === 0 || wanted.includes(name)) await record(name, run);
  }
} finally {
  await frames.close();
  await lab.close();
}
