// The real tools in real hands: what they start, print and leave, whoever dies.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { Outcome } from '../../host-agent/hands/call/outcome.ts';
import { callTool, type ToolCall } from '../support/hands-client.ts';
import type { HandsProcess } from '../support/hands-process.ts';
import { processesWith, uniqueSeconds } from '../support/processes.ts';
import { startHands } from '../support/running-hands.ts';

/** A call with everything granted that it asks for, as the plug-in makes it where nobody has to be asked. */
const allowed = async (hands: HandsProcess, call: ToolCall & { call: string }): Promise<Outcome> => {
  const { structuredContent: first } = await callTool(hands.socket, call);
  if (first.kind !== 'asks') return first;
  return (await callTool(hands.socket, { ...call, granted: first.asks })).structuredContent;
};

const bash = (command: string, more: object = {}) => ({
  tool: 'bash',
  args: { command, description: 'A test', ...more },
});

/** All that was kept of outputs in a mission's directory. */
const keptIn = (directory: string): string => {
  const temp = join(directory, 'temp');
  return existsSync(temp)
    ? readdirSync(temp)
        .map((name) => readFileSync(join(temp, name), 'utf8'))
        .join('')
    : '';
};

test('a line is asked for, run, shown while it runs, and answered', async () => {
  const hands = await startHands();
  const directory = await hands.mission('m1');

  const said = await allowed(hands, { ...bash('echo one; pwd'), directory, call: 'call_1' });

  expect(said).toMatchObject({
    kind: 'done',
    text: expect.stringContaining(`one\n${directory}`),
    view: { kind: 'shell', exitCode: 0 },
  });
  let shown = '';
  for await (const line of hands.control.events(null, new AbortController().signal)) {
    if (line.type === 'output') shown += line.text;
    if (line.type === 'ended' && line.how === 'done') break;
  }
  expect(shown).toBe(`one\n${directory}\n`);
});

test('what a command has printed is on disk when the hands are killed, and the command is gone', async () => {
  const hands = await startHands();
  const directory = await hands.mission('m1');
  const [seconds, daemon] = [uniqueSeconds(), uniqueSeconds()];
  // More than a view holds, so that it is kept in a file from its beginning.
  const line = `seq 1 40000; echo printed; setsid sleep ${daemon} & sleep ${seconds}`;
  const call = allowed(hands, { ...bash(line), directory, call: 'call_1' });
  call.catch(() => undefined); // It rejects while the hands are still being killed.
  await vi.waitFor(() => expect(keptIn(directory)).toContain('printed'));

  await hands.kill();

  await expect(call).rejects.toThrow();
  await vi.waitFor(() => expect([...processesWith(seconds), ...processesWith(daemon)]).toEqual([]));
  expect(keptIn(directory)).toMatch(/^1\n2\n/);
  expect(keptIn(directory)).toContain('\n40000\nprinted\n');
});

test('a command in the background goes on after its call, and ends with its mission', async () => {
  const hands = await startHands();
  const [mine, other] = [await hands.mission('m1'), await hands.mission('m2')];
  const [seconds, others] = [uniqueSeconds(), uniqueSeconds()];
  await allowed(hands, { ...bash(`setsid sleep ${seconds} &`), directory: mine, call: 'call_1' });
  await allowed(hands, { ...bash(`setsid sleep ${others} &`), directory: other, call: 'call_2' });
  expect([processesWith(seconds).length, processesWith(others).length]).toEqual([1, 1]);

  await hands.control.forget('m1');

  await vi.waitFor(() => expect(processesWith(seconds)).toEqual([]));
  expect(processesWith(others)).toHaveLength(1);
});

test('a cancelled call ends the whole tree of its command', async () => {
  const hands = await startHands();
  const directory = await hands.mission('m1');
  const [seconds, daemon] = [uniqueSeconds(), uniqueSeconds()];
  const call = allowed(hands, { ...bash(`setsid sleep ${daemon} & sleep ${seconds}`), directory, call: 'call_1' });
  await vi.waitFor(() => expect([processesWith(seconds).length, processesWith(daemon).length]).toEqual([1, 1]));

  expect(await hands.control.cancel('m1')).toBe(1);

  expect(await call).toMatchObject({ kind: 'failed' });
  expect([...processesWith(seconds), ...processesWith(daemon)]).toEqual([]);
});
