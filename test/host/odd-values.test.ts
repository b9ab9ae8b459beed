// What a provider or OpenCode says beyond what our own events can hold: it is brought into range, and every turn ends.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { startLab } from '../support/lab.ts';
import { optionsFor, say, startHost, texts } from '../support/mission-lab.ts';

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab.close());

const startWelcomed = () => {
  const host = startHost(optionsFor(lab.openCode));
  host.dispatch.welcome();
  return host;
};

/** Of providers that were seen: an underflow, a negative sum, fractions, more than a number can count exactly. */
const usages = [
  '{"prompt_tokens":100,"completion_tokens":18446744073709551611,"total_tokens":95}',
  '{"prompt_tokens":100,"completion_tokens":4294967291,"total_tokens":95}',
  '{"prompt_tokens":-5,"completion_tokens":-7,"total_tokens":-12}',
  '{"prompt_tokens":1.5,"completion_tokens":0.25,"total_tokens":1.75}',
  '{"prompt_tokens":9007199254740993,"completion_tokens":9007199254740993,"total_tokens":1}',
];

// OpenCode takes some of these for a full context, sums the conversation up and goes on: then more follows than this
// answer.
test.each(usages)(
  'a turn whose provider reports %s ends with its answer, and no price that nobody paid',
  async (usage) => {
    const host = startWelcomed();
    const command = say(`USAGE ${usage}\nSAY An answer.`);
    host.give(command);

    const ended = await host.ended(command.id);

    expect(ended.outcome).toBe('completed');
    expect(texts(host, command.mission)).toContain('An answer.');
    expect(ended.usage.cost_usd).toBeLessThan(1);
    expect(host.live.list()).toEqual([]);
    expect(host.store.inbox.open()).toEqual([]);
  },
);

test("a number that no JSON parser holds is the provider's error, and the next message is answered", async () => {
  const host = startWelcomed();
  const command = say('USAGE {"prompt_tokens":1e400,"completion_tokens":1,"total_tokens":1}\nSAY An answer.');
  const next = say('SAY Another.', { mission: command.mission });
  host.give(command, next);

  const ended = await host.ended(command.id);

  expect(ended).toMatchObject({ outcome: 'failed', text: expect.stringContaining('OpenCode error: ') });
  expect((await host.ended(next.id)).outcome).toBe('completed');
});

/** `[[[…]]]` */
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

test.each<[string, string, string?]>([
  ['nested without end', `{"filePath":"a.txt","content":"x","more":${nested(3_000)}}`],
  // OpenCode takes these for an attack, and calls such a call `invalid`.
  [
    'with the keys of a prototype',
    '{"content":"x","__proto__":{"a":1},"constructor":{"prototype":{}},"":3}',
    'invalid',
  ],
  ['with a key of 300,000 characters', `{"filePath":"a.txt","content":"x","${'k'.repeat(300_000)}":1}`],
  ['with halves of characters', '{"filePath":"a.txt","content":"\\ud83d x \\ude00","\\ud83d":1}'],
  ['with 20,000 numbers', `{"filePath":"a.txt","content":"x","more":[${'1e300,'.repeat(20_000)}1]}`],
])('a tool call %s is shown, has its result and ends with its turn', async (_what, args, name = 'write') => {
  const host = startWelcomed();
  const command = say(`TOOL write ${args}\nSAY Written.`);
  host.give(command);

  const ended = await host.ended(command.id);

  expect(ended).toMatchObject({ outcome: 'completed', text: '' });
  const called = await host.event('tool.called', command.mission);
  expect(called.name).toBe(name);
  expect(JSON.stringify(called)).not.toMatch(/\\ud[89a-f]/i);
  expect(await host.event('tool.result', command.mission)).toMatchObject({ tool_call_id: called.tool_call_id });
  expect(host.lines.filter((line) => line.includes('event_refused'))).toEqual([]);
});

test('a turn whose end the store refuses is tried less and less often, said once, and ends as soon as it can', async () => {
  const options = optionsFor(lab.openCode);
  const host = startHost(options);
  host.dispatch.welcome();
  const command = say('SAY An answer.');
  const other = say('SAY Another.');
  const db = new DatabaseSync(join(options.dir, 'host-agent.sqlite'));
  onTestFinished(() => db.close());
  db.exec(`CREATE TRIGGER refuse BEFORE INSERT ON outbox
    WHEN NEW.item LIKE '%"turn.ended"%${command.id}%' OR NEW.item LIKE '%${command.id}%"turn.ended"%'
    BEGIN SELECT RAISE(ABORT, 'refused by this test'); END`);
  host.give(command, other);

  // Its own mission waits; the others do not.
  await host.ended(other.id);
  await vi.waitFor(() => expect(host.lines.join('')).toContain('turn.end_failed'));
  const aborts = lab.model.requests.length;
  host.cancel(command);
  // Meanwhile a whole turn goes by, in which it was tried a hundred times before its tries waited for each other.
  const third = say('TOKENS 100 DELAY 10');
  host.give(third);
  await host.ended(third.id);

  const said = host.lines.filter((line) => line.includes('turn.end_failed') || line.includes('turn.failed'));
  expect(said.length).toBeLessThanOrEqual(2);
  expect(lab.model.requests.length).toBe(aborts + 1);
  db.exec('DROP TRIGGER refuse');
  expect(await host.ended(command.id)).toBeDefined();
  expect(host.live.list()).toEqual([]);
});
