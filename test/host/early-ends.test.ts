// OpenCode's stream to a reader that is slow, as every reader is on a busy machine (docs/opencode-bugs.md, 7).
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { expect, onTestFinished, test, vi } from 'vitest';
import { translate } from '../../host-agent/missions/transcript/translate.ts';
import { newTranslation } from '../../host-agent/missions/transcript/translation.ts';
import { type Durable, parseOpenCodeEvent } from '../../host-agent/opencode/api/events.ts';
import { eventSplitter } from '../../host-agent/opencode/api/stream.ts';
import { startLab } from '../support/lab.ts';
import { commandNumber, turnNumber } from '../support/mission-fixture.ts';
import { patience } from '../support/patience.ts';

/** Said before, it is more than all buffers on the way to a reader that does not read. */
const loud = `REPEAT 1500 ${'More than anybody reads. '.repeat(160).trim()}`;

test('an answer whose end comes in its first event is not taken for one that brought nothing', async () => {
  const lab = await startLab();
  onTestFinished(lab.close);
  const { authorization } = lab;
  const [stream] = (await once(
    get(`${lab.openCode.url}/global/event`, { headers: { authorization } }),
    'response',
  )) as [IncomingMessage];
  const turn = async (name: string, text: string) => {
    const directory = lab.missionDirectory(name);
    const session = await lab.createSession(directory, name);
    const message = await lab.prompt(session, text);
    await lab.model.asked(({ userText }) => userText === text);
    const status = `/session/status?directory=${encodeURIComponent(directory)}`;
    await vi.waitFor(async () => expect(await lab.call('GET', status)).not.toHaveProperty(session), patience);
    return { session, message };
  };
  await turn('loud', loud);
  const { session, message } = await turn(
    'quiet',
    'REASON Let me see.\nTOOL write {"filePath":"a.txt","content":"a"}\nSAY Done.',
  );

  const rows: Durable[] = [];
  const split = eventSplitter();
  stream.setEncoding('utf8');
  for await (const chunk of stream) {
    const events = split(String(chunk)).flatMap((text) => parseOpenCodeEvent(text) ?? []);
    rows.push(...events.filter((event) => event.kind === 'durable').filter((row) => row.session === session));
    if (events.some((event) => event.kind === 'status' && event.session === session && event.status === 'idle')) break;
  }

  const answers = rows.flatMap(({ fact }) =>
    fact.kind === 'message' && fact.message.role === 'assistant' ? [fact.message] : [],
  );
  expect(answers[0]).toMatchObject({ finish: 'tool-calls', time: { completed: expect.any(Number) } });
  const state = newTranslation(session, [[message, { turn: turnNumber(1), command: commandNumber(1) }]]);
  const made = rows.flatMap((row) => translate(state, row));
  const types = made.map((each) => (each.kind === 'event' ? each.event.type : each.kind));
  expect(types).toContain('tool.result');
  expect(types).not.toContain('turn.error');
});
