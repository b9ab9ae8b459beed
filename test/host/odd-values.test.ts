// What a provider or OpenCode says beyond what our own events can hold: it is brought into range, and every turn ends.
import { afterAll, beforeAll, expect, test } from 'vitest';
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

// OpenCode takes some of these for a full context, sums the conversation up and goes on: then more follows than this answer.
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

test.each([
  ['nested without end', `{"filePath":"a.txt","content":"x","more":${nested(3_000)}}`],
  ['with an empty key and one of every object', '{"filePath":"a.txt","content":"x","constructor":{"b":2},"":3}'],
  ['with a key of 300,000 characters', `{"filePath":"a.txt","content":"x","${'k'.repeat(300_000)}":1}`],
  ['with halves of characters', '{"filePath":"a.txt","content":"\\ud83d x \\ude00","\\ud83d":1}'],
  ['with 20,000 numbers', `{"filePath":"a.txt","content":"x","more":[${'1e300,'.repeat(20_000)}1]}`],
])('a tool call %s is shown, has its result and ends with its turn', async (_what, args) => {
  const host = startWelcomed();
  const command = say(`TOOL write ${args}\nSAY Written.`);
  host.give(command);

  const ended = await host.ended(command.id);

  expect({ ...ended, text: ended.text }).toMatchObject({ outcome: 'completed', text: '' });
  const called = await host.event('tool.called', command.mission);
  expect(called.name).toBe('write');
  expect(JSON.stringify(called)).toBe(JSON.stringify(called).toWellFormed());
  expect(await host.event('tool.result', command.mission)).toMatchObject({ tool_call_id: called.tool_call_id });
  expect(host.lines.filter((line) => line.includes('event_refused'))).toEqual([]);
});

test('arguments with the key of a prototype, which OpenCode takes for none, end as any call that is not one', async () => {
  const host = startWelcomed();
  const command = say('TOOL write {"filePath":"a.txt","content":"x","__proto__":{"a":1}}\nSAY Written.');
  host.give(command);

  await host.ended(command.id);

  const called = await host.event('tool.called', command.mission);
  expect(called.name).toBe('invalid');
  expect(await host.event('tool.result', command.mission)).toMatchObject({ tool_call_id: called.tool_call_id });
  expect(host.live.list()).toEqual([]);
});
