import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { answered, type Person, type Role, type Stack, startStack } from '../support/stack.ts';

/** What the issue allows a restart to take until everything agrees. */
const agreeing = { timeout: 10_000, interval: 100 };

let stack: Stack;
let me: Person;

beforeAll(async () => {
  stack = await startStack();
  me = await stack.person();
});
afterAll(() => stack.close());

interface Stored {
  event_type: string;
  content: string;
  sequence: number;
  tool_call_id: string | null;
}

const storedEvents = async (mission: string): Promise<Stored[]> =>
  (await me.call('GET', `/api/control/missions/${mission}/events`)).json;

const isUp = async (): Promise<void> => {
  await vi.waitFor(async () => expect((await me.call('GET', '/api/health')).status).toBe(200), { timeout: 20_000 });
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

/** Final texts and tool calls of OpenCode's own durable history of a mission's directory. */
const openCodeHistory = async (mission: string) => {
  const directory = stack.missionDirectory(mission);
  const { call } = stack.openCode();
  const sessions = (await call('GET', `/session?directory=${encodeURIComponent(directory)}`)) as { id: string }[];
  const rows = (await call('POST', '/sync/history', {})) as {
    aggregate_id: string;
    type: string;
    data: {
      part?: { id: string; type: string; text?: string; messageID: string; state?: { status: string } };
      info?: { id: string; role: string };
    };
  }[];
  const own = rows.filter((row) => sessions.some(({ id }) => id === row.aggregate_id));
  const answers = new Set(own.flatMap(({ data }) => (data.info?.role === 'assistant' ? [data.info.id] : [])));
  const parts = new Map(
    own.flatMap(({ data }) =>
      data.part && answers.has(data.part.messageID) ? [[data.part.id, data.part] as const] : [],
    ),
  );
  return {
    sessions: sessions.length,
    texts: [...parts.values()]
      .filter(({ type, text }) => (type === 'text' || type === 'reasoning') && text)
      .map(({ text }) => text),
    tools: [...parts.values()].filter(({ type }) => type === 'tool').map(({ id }) => id),
  };
};

/** Every durable fact of OpenCode is in our events, once. */
const nothingLost = async (mission: string): Promise<void> => {
  const events = await storedEvents(mission);
  const history = await openCodeHistory(mission);
  expect(history.sessions).toBe(1);
  const thoughts = events.filter(({ event_type }) => event_type === 'thinking').map(({ content }) => content);
  expect(thoughts.filter((text) => text !== '').toSorted()).toEqual(history.texts.toSorted());
  const calls = events.filter(({ event_type }) => event_type === 'tool_call').map(({ tool_call_id }) => tool_call_id);
  expect(calls.toSorted()).toEqual(history.tools.toSorted());
  expect(events.filter(({ event_type }) => event_type === 'tool_result')).toHaveLength(history.tools.length);
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
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
    await vi.waitFor(
      async () => {
        const sent = await me.call('POST', '/api/control/message', {
          content: `SAY After ${role}.`,
          mission_id: mission,
        });
        expect(sent.status).toBe(200);
      },
      { timeout: 20_000 },
    );

    await vi.waitFor(
      async () => {
        const { history } = (await me.call('GET', `/api/control/missions/${mission}`)).json;
        expect(history.at(-1)).toEqual({ role: 'assistant', content: `After ${role}.` });
      },
      { timeout: 30_000 },
    );
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

    await vi.waitFor(
      async () => {
        expect((await storedEvents(mission)).at(-1)).toMatchObject({
          event_type: 'assistant_message',
          content: 'Half of it and the rest.',
        });
      },
      { timeout: 30_000 },
    );
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

  await vi.waitFor(
    async () => {
      const shown = (await me.call('GET', `/api/control/missions/${mission}`)).json;
      expect(shown).toMatchObject({ status: 'interrupted', resumable: true });
    },
    { timeout: 30_000 },
  );
  await agree(mission, 'interrupted');
  expect(stack.model.requests.filter(({ userText }) => userText.includes('killed-opencode'))).toHaveLength(2);

  stack.model.release('killed-opencode'); // The generated prompt repeats the request, and so its script.
  expect((await me.call('POST', `/api/control/missions/${mission}/resume`)).status).toBe(200);
  await vi.waitFor(
    async () => {
      expect((await me.call('GET', `/api/control/missions/${mission}`)).json.status).toBe('completed');
    },
    { timeout: 30_000 },
  );
});

test('a restart of everything keeps missions, the token and the stream position', async () => {
  const stream = await me.stream('?format=delta');
  const { mission } = await me.say('SAY Kept.');
  await stream.until(({ name, data }) => name === 'turn.ended' && data.mission_id === mission);
  const cursor = stream.lastId() ?? '';
  stream.close();
  const before = await storedEvents(mission);

  await stack.restart();

  expect(await storedEvents(mission)).toEqual(before);
  const resumed = await me.stream('?format=delta', { 'Last-Event-ID': cursor });
  expect((await resumed.until(({ name }) => name === 'snapshot')).id).not.toBeNull();
  expect(resumed.events.some(({ name }) => name === 'reset')).toBe(false);
  resumed.close();
  await vi.waitFor(async () => expect((await me.say('SAY Again.', mission)).queued).toBe(false), { timeout: 20_000 });
  await vi.waitFor(
    async () => {
      const { history } = (await me.call('GET', `/api/control/missions/${mission}`)).json;
      expect(history.at(-1).content).toBe('Again.');
    },
    { timeout: 30_000 },
  );
});
