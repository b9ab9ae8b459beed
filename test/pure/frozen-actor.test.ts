// An actor whose process stands still would have calls wait for it for ever.
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { type ActorProcess, talkTo } from '../../host-agent/hands/actor/actor.ts';
import { createLog } from '../../host-agent/process/log.ts';
import { handClock } from '../support/hand-clock.ts';

const work = { tool: 'bash', args: {}, directory: '/m', session: 's', call: 'c', agent: 'a', granted: [] };

/** An actor that says `answers` to each line it is told. */
const actorThat = (answers: (line: string) => string | null) => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const { promise: gone, resolve } = Promise.withResolvers<string>();
  const actor: ActorProcess = {
    pid: 1,
    input,
    output,
    gone,
    closed: gone,
    kill: () => resolve('killed'),
  };
  input.on('data', (said: Buffer) => {
    for (const line of said.toString().split('\n').filter(Boolean)) {
      const answer = answers(line);
      if (answer !== null) output.write(`${answer}\n`);
    }
  });
  return actor;
};

const looks = async (clock: ReturnType<typeof handClock>, count: number): Promise<void> => {
  for (let look = 0; look < count; look++) {
    await clock.awaited(15_000);
    clock.advance(15_000);
    await new Promise(setImmediate); // What it says comes by a stream.
  }
};

test('an actor that answers nothing for two minutes is ended, and its call fails with the reason', async () => {
  const clock = handClock();
  const actor = talkTo(
    actorThat(() => null),
    { clock, log: createLog({ write: () => undefined }) },
  );
  const call = actor.call(work, () => undefined, new AbortController().signal);
  call.catch(() => undefined);

  // Each look waits for its turn and then for an answer.
  await looks(clock, 8);

  await expect(call).rejects.toThrow('ended because it had answered nothing for two minutes');
});

test('an actor that answers is left alone, however long its call takes', async () => {
  const clock = handClock();
  const answering = actorThat((line) => (JSON.parse(line).type === 'ping' ? '{"type":"pong"}' : null));
  const actor = talkTo(answering, { clock, log: createLog({ write: () => undefined }) });
  const call = actor.call(work, () => undefined, new AbortController().signal);
  let isOver = false;
  call.finally(() => (isOver = true)).catch(() => undefined);

  await looks(clock, 20);

  expect(isOver).toBe(false);
});
