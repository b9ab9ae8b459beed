// Half of a surrogate pair in what the model says, or an agent asks: what is streamed, stored and ended is the same,
// well-formed text.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MissionId } from '../../shared/ids.ts';
import { answerTo } from '../support/asking-agent.ts';
import { startLab } from '../support/lab.ts';
import type { MissionHost } from '../support/mission-host.ts';
import { optionsFor, say, startHost, texts } from '../support/mission-lab.ts';

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab.close());

const secret = 'sk-live-12345678';

const startWelcomed = () => {
  const host = startHost(optionsFor(lab.openCode, { secrets: [secret] }));
  host.dispatch.welcome();
  return host;
};

/** What viewers saw of each part: deltas without a hole, each of them well-formed. */
const seen = (host: MissionHost, mission: MissionId): Map<string, string> => {
  const whole = new Map<string, string>();
  for (const { part, off, text } of host.deltas.filter((delta) => delta.mission === mission)) {
    const before = whole.get(part) ?? '';
    expect([part, off, text]).toEqual([part, before.length, text.toWellFormed()]);
    whole.set(part, before + text);
  }
  return whole;
};

/**
 * Every way in which halves come: a pair that two chunks share, halves that meet nothing, some around a secret, one at
 * the end.
 */
const chunks = [
  'a \ud83d',
  '\ude00 b \ud83d',
  ' c \ude00',
  ` \ud83d${secret.slice(0, 9)}`,
  `${secret.slice(9)}\ude00 d`,
  ' \ud83d',
];

test('halves that meet in an answer are a character, every other is one replacement character', async () => {
  const host = startWelcomed();
  const [first, rest] = [chunks.slice(0, 5), chunks.slice(5)].map((some) => `CHUNKS ${JSON.stringify(some)}`);
  const command = say(`${first}\nWAIT halves\n${rest}`);
  host.give(command);

  await host.event('part.checkpoint', command.mission);
  lab.model.release('halves');

  await host.ended(command.id);

  const text = 'a 😀 b \ufffd c \ufffd \ufffd[secret]\ufffd d \ufffd';
  expect(texts(host, command.mission)).toEqual([text]);
  expect(await host.event('part.closed', command.mission)).toMatchObject({
    length: text.length,
    sha256: createHash('sha256').update(text).digest('hex'),
  });
  const [shown] = seen(host, command.mission).values();
  expect(shown).toBeTruthy();
  expect(text.slice(0, shown?.length)).toBe(shown);
});

test('what an agent does, plans and asks is stored with replacement characters, and its answer is given as it is stored', async () => {
  const host = startWelcomed();
  const todos = [{ content: 'plan \ud83d', status: 'pending', priority: 'high' }];
  const questions = [
    { question: 'Which \ud83d?', header: 'H\ude00', options: [{ label: 'A\ud83d', description: 'd' }] },
  ];
  const command = say(
    `TOOL todowrite ${JSON.stringify({ todos })}\nTOOL question ${JSON.stringify({ questions })}\nSAY Done.`,
  );
  host.give(command);

  const asked = await host.event('request.asked', command.mission);

  expect(asked.body).toMatchObject({
    questions: [{ question: 'Which \ufffd?', header: 'H\ufffd', options: [{ label: 'A\ufffd' }] }],
  });
  expect(await host.event('turn.todos', command.mission)).toMatchObject({ todos: [{ content: 'plan \ufffd' }] });
  expect(await host.event('tool.called', command.mission)).toMatchObject({
    args: { todos: [{ content: 'plan \ufffd' }] },
  });
  host.give(answerTo(command.mission, { kind: 'question', request: asked.request, answers: [['A\ufffd']] }));
  expect((await host.ended(command.id)).outcome).toBe('completed');
  // OpenCode gives back some of it as JSON, as a text with escapes; that is what the model gets.
  for (const event of host.events(command.mission)) expect(JSON.stringify(event)).not.toMatch(/(?<!\\)\\ud[89a-f]/i);
});

test('what a provider says when it refuses is told with a replacement character', async () => {
  const host = startWelcomed();
  const body = JSON.stringify({ error: { message: 'half \ud83d of it' } });
  const command = say(`RAW 400 application/json ${JSON.stringify(body)}`);
  host.give(command);

  expect((await host.ended(command.id)).text).toContain('half \ufffd of it');
});
