import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { expectSameAsOpenCode, openCodeHistory, storedEvents } from '../support/comparison.ts';
import { alive, processTree } from '../support/launched.ts';
import { patience } from '../support/patience.ts';
import { answered, type Person, type Role, type Stack, startStack } from '../support/stack.ts';

/** What the issue allows a restart to take until everything agrees. */
const agreeing = patience;

let stack: Stack;
let me: Person;

beforeAll(async () => {
  // Two slots, so that the case about waiting has something to wait for; the others have one mission at a time.
  stack = await startStack({ MAX_PARALLEL_MISSIONS: '2' });
  me = await stack.person();
});
afterAll(() => stack.close());

const eventsOf = (mission: string) => storedEvents(me, mission);

const isUp = async (): Promise<void> => {
  await vi.waitFor(async () => expect((await me.call('GET', '/api/health')).status).toBe(200));
};

/** Running list, mission, directory and OpenCode say the same. */
const agree = async (mission: string, status: string): Promise<void> => {
  await vi.waitFor(async () => {
    expect((await me.call('GET', '/api/control/running')).json).toEqual([]);
    expect((await me.call('GET', `/api/control/missions/${mission}`)).json.status).toBe(status);
    const listed = (await me.call('GET', '/api/control/missions')).json.find(
      ({ id }: { id: string }) => id === mission,
    );
    expect(listed.status).toBe(status);
    const directory = encodeURIComponent(stack.missionDirectory(mission));
    expect(await stack.openCode().call('GET', `/session/status?directory=${directory}`)).toEqual({});
  }, agreeing);
};

/** Every durable fact of OpenCode is in our events, once. */
const nothingLost = async (mission: string): Promise<void> => {
  const history = await openCodeHistory(stack.openCode().call, stack.missionDirectory(mission));
  expectSameAsOpenCode(await eventsOf(mission), history);
};

test.each<Role>(['edge', 'host-agent', 'opencode'])(
  '%s killed between two messages: the mission goes on',
  async (role) => {
    const stream = await me.stream();
    const { mission } = await me.say(`SAY Before ${role}.`);
    await stream.until(answered(mission));
    stream.close();

    stack.kill(role);
    await isUp();
    await vi.waitFor(async () => {
      const sent = await me.call('POST', '/api/control/message', {
        content: `SAY After ${role}.`,
        mission_id: mission,
      });
      expect(sent.status).toBe(200);
    });

    await vi.waitFor(async () => {
      const { history } = (await me.call('GET', `/api/control/missions/${mission}`)).json;
      expect(history.at(-1)).toEqual({ role: 'assistant', content: `After ${role}.` });
    });
    await agree(mission, 'completed');
    await nothingLost(mission);
  },
);

test.each<Role>(['edge', 'host-agent'])(
  'SIGKILL of %s during a turn loses nothing, and the turn ends as if nothing had happened',
  async (role) => {
    const gate = `killed-${role}`;
    const { mission } = await me.say(
      `REASON Thinking about ${role}.\nTOOL write {"filePath":"x.txt","content":"x"}\nCHUNKS ["Half of it "]\nWAIT ${gate}\nSAY and the rest.`,
    );
    await stack.model.reached(gate);

    stack.kill(role);
    await isUp();
    stack.model.release(gate);

    await vi.waitFor(async () => {
      expect((await eventsOf(mission)).at(-1)).toMatchObject({
        event_type: 'assistant_message',
        content: 'Half of it and the rest.',
      });
    });
    await agree(mission, 'completed');
    await nothingLost(mission);
    const asked = stack.model.requests.filter(({ userText }) => userText.includes(gate));
    expect(asked).toHaveLength(2);
  },
);

test('SIGKILL of OpenCode during a turn ends it as interrupted, and the mission can be resumed', async () => {
  const { mission } = await me.say(
    'TOOL write {"filePath":"y.txt","content":"y"}\nSAY Half of it\nWAIT killed-opencode',
  );
  await stack.model.reached('killed-opencode');

  stack.kill('opencode');

  await vi.waitFor(async () => {
    const shown = (await me.call('GET', `/api/control/missions/${mission}`)).json;
    expect(shown).toMatchObject({ status: 'interrupted', resumable: true });
  });
  await agree(mission, 'interrupted');
  expect(stack.model.requests.filter(({ userText }) => userText.includes('killed-opencode'))).toHaveLength(2);

  stack.model.release('killed-opencode'); // The generated prompt repeats the request, and so its script.
  expect((await me.call('POST', `/api/control/missions/${mission}/resume`)).status).toBe(200);
  await vi.waitFor(async () => {
    expect((await me.call('GET', `/api/control/missions/${mission}`)).json.status).toBe('completed');
  });
});

test('SIGKILL of the launcher during a turn leaves no process, and the next start goes on with the mission', async () => {
  const { mission } = await me.say('REASON Cut short.\nSAY Half of it\nWAIT killed-launcher');
  await stack.model.reached('killed-launcher');
  const launched = stack.launched();
  const everything = processTree(launched.pid);
  expect(everything.length).toBeGreaterThan(4);

  stack.kill('launcher');
  await launched.ended;
  await vi.waitFor(() => expect(alive(everything)).toEqual([]), agreeing);
  await stack.restart();

  await agree(mission, 'interrupted');
  await nothingLost(mission);
  expect(stack.model.requests.filter(({ userText }) => userText.includes('killed-launcher'))).toHaveLength(1);
  await me.say('SAY After the launcher.', mission);
  await vi.waitFor(async () => {
    expect((await eventsOf(mission)).at(-1)?.content).toBe('After the launcher.');
  });
});

test('missions that wait for a slot keep their place when edge and host-agent are killed, and each message runs once in its mission', async () => {
  // The turn of the case before may still hold its slot.
  await vi.waitFor(async () => expect((await me.call('GET', '/api/control/running')).json).toEqual([]), agreeing);
  const first = await me.say('WAIT slot-a\nSAY Answer a1.');
  const second = await me.say('WAIT slot-b\nSAY Answer b1.');
  await Promise.all([stack.model.reached('slot-a'), stack.model.reached('slot-b')]);
  const third = await me.say('SAY Answer c1.');
  const behind = await me.say('SAY to be edited', first.mission);
  expect([first, second, third, behind].map(({ queued }) => queued)).toEqual([false, false, true, true]);
  expect((await me.call('PATCH', `/api/control/queue/${behind.message}`, { content: 'SAY Answer a2.' })).status).toBe(
    200,
  );

  stack.kill('edge');
  stack.kill('host-agent');
  await isUp();
  await vi.waitFor(async () => {
    const running: { mission_id: string; state: string; server_away_since?: string }[] = (
      await me.call('GET', '/api/control/running')
    ).json;
    expect(running.filter(({ server_away_since }) => server_away_since !== undefined)).toEqual([]);
    expect(new Map(running.map(({ mission_id, state }) => [mission_id, state]))).toEqual(
      new Map([
        [first.mission, 'running'],
        [second.mission, 'running'],
        [third.mission, 'queued'],
      ]),
    );
  }, agreeing);
  expect((await me.call('GET', '/api/control/queue')).json.map(({ content }: { content: string }) => content)).toEqual([
    'SAY Answer c1.',
    'SAY Answer a2.',
  ]);
  stack.model.release('slot-a');
  const answers = async (mission: string): Promise<string[]> =>
    (await eventsOf(mission))
      .filter(({ event_type }) => event_type === 'assistant_message')
      .map(({ content }) => content);
  await vi.waitFor(async () => {
    expect(await answers(first.mission)).toEqual(['Answer a1.', 'Answer a2.']);
    expect(await answers(third.mission)).toEqual(['Answer c1.']);
  });
  stack.model.release('slot-b');
  await agree(second.mission, 'completed');

  expect(await answers(second.mission)).toEqual(['Answer b1.']);
  const asked = ['slot-a', 'slot-b', 'Answer c1', 'Answer a2', 'to be edited'].map(
    (text) => stack.model.requests.filter(({ userText }) => userText.includes(text)).length,
  );
  expect(asked).toEqual([1, 1, 1, 1, 0]);
  for (const { mission } of [first, second, third]) await nothingLost(mission);
});

test('a restart of everything keeps missions, the token and the stream position', async () => {
  const stream = await me.stream('?format=delta');
  const { mission } = await me.say('SAY Kept.');
  await stream.until(({ name, data }) => name === 'turn.ended' && data.mission_id === mission);
  const cursor = stream.lastId() ?? '';
  stream.close();
  const before = await eventsOf(mission);

  await stack.restart();

  expect(await eventsOf(mission)).toEqual(before);
  const resumed = await me.stream('?format=delta', { 'Last-Event-ID': cursor });
  expect((await resumed.until(({ name }) => name === 'snapshot')).id).not.toBeNull();
  expect(resumed.events.some(({ name }) => name === 'reset')).toBe(false);
  resumed.close();
  await vi.waitFor(async () => expect((await me.say('SAY Again.', mission)).queued).toBe(false));
  await vi.waitFor(async () => {
    const { history } = (await me.call('GET', `/api/control/missions/${mission}`)).json;
    expect(history.at(-1).content).toBe('Again.');
  });
});
