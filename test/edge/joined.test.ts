// The first frame of a viewer is made once for those who join together (worker/host/viewers/joined.ts), and is always
// what one that is made for nobody else says.
import { beforeEach, expect, test } from 'vitest';
import { commandId } from '../../shared/ids.ts';
import { atomically } from '../../worker/host/remembered.ts';
import { forgetJoined, joinedFrame } from '../../worker/host/viewers/joined.ts';
import { freshHost, host, inObject, newMission, object, owner } from './fresh-host.ts';
import { batch, dialHost, type HostPeer, hello, row } from './host-peer.ts';
import { turnRows } from './turn-rows.ts';
import { type ViewerPeer, watch } from './viewer-peer.ts';

beforeEach(freshHost);

const command = () => commandId.parse(crypto.randomUUID());

const said = async (viewer: ViewerPeer): Promise<object> => {
  const { id, data } = await viewer.until(({ name }) => name === 'snapshot');
  viewer.close();
  return { header: viewer.header, id, data };
};

const join = async (): Promise<object> => said(await watch(host, owner));

/**
 * What one is told who joins now, and what an admin is, whose frame is made anew. In the end there is one again that
 * was made for others.
 */
const joined = async (): Promise<object[]> => {
  const told = [await join(), await said(await watch(host, owner, { isAdmin: true }))];
  await join();
  return told;
};

const withTurn = async (peer: HostPeer) => {
  peer.send(hello('r1'));
  await peer.next('welcome');
  const mission = await newMission();
  const id = command();
  await object().message(owner, { id, mission, content: 'first', agent: null });
  await peer.next('commands');
  const rows = turnRows(mission, id, crypto.randomUUID());
  let next = 1;
  const say = async (item: object): Promise<void> => {
    peer.send(batch('r1', next++, [item]));
    await peer.next('ack');
  };
  await say(rows.started);
  await say(rows.part);
  return { mission, rows, say };
};

test('whoever joins is told how things stand, whatever has happened since somebody else did', async () => {
  const peer = await dialHost(host);
  const { mission, rows, say } = await withTurn(peer);
  const [waiting, removed] = [command(), command()];
  const wait = (id: typeof waiting) => object().message(owner, { id, mission, content: `waits ${id}`, agent: null });
  const live = await watch(host, owner);
  const asked = { type: 'request.asked', request: 'q1', turn: rows.turn, kind: 'question', tool_call_id: null };
  const steps: Record<string, () => unknown> = {
    'text that was stored': () => say(rows.checkpoint(0, 'one ')),
    'text in the making': async () => {
      const delta = { mission, part: `prt_${rows.turn}`, off: 4, text: 'two' };
      peer.send(batch('r1', 1, [], [delta]));
      await live.until(({ name }) => name === 'delta');
    },
    'a message that waits': () => wait(waiting),
    another: () => wait(removed),
    'one that was removed': () => object().removeQueued(owner, removed),
    'one with another text': () => object().editQueued(owner, { id: waiting, content: 'edited', was: null }),
    'a to-do list': () =>
      say(row(mission, { type: 'turn.todos', turn: rows.turn, todos: [{ content: 'do it', status: 'pending' }] })),
    'a question': () => say(row(mission, { ...asked, body: { questions: [] } })),
    'its answer': () =>
      object().answer(owner, {
        id: command(),
        by: owner,
        said: { kind: 'question', request: 'q1', answers: [['yes']] },
      }),
    'a mission more': () => newMission(),
    'the end of the part': () => say(rows.closed(4, 'two', 7)),
    'the end of the turn': () => say(rows.ended('completed')),
  };
  let [before] = await joined();

  for (const [what, happen] of Object.entries(steps)) {
    await happen();
    const [now, anew] = await joined();
    expect(now, what).toEqual(anew);
    expect(now, what).not.toEqual(before);
    before = now;
  }
});

test('viewers of different users and missions are each told their own', async () => {
  const [mine, other] = [await newMission(), await newMission()];
  for (const mission of [mine, other])
    await object().message(owner, { id: command(), mission, content: `for ${mission}`, agent: null });
  const queueOf = async (as: string, given: { mission?: string } = {}): Promise<unknown> => {
    const { data } = await (await watch(host, as, given)).until(({ name }) => name === 'snapshot');
    return (data.queue as { content: string }[]).map(({ content }) => content);
  };

  for (let round = 0; round < 2; round += 1) {
    expect(await queueOf(owner)).toEqual([`for ${mine}`, `for ${other}`]);
    expect(await queueOf(owner, { mission: other })).toEqual([`for ${other}`]);
    expect(await queueOf('bob')).toEqual([]);
  }
});

test('a frame is made once for an audience, until another joins, a table is written, or texts have grown', () =>
  inObject((sql, storage) => {
    let made = 0;
    const frame = (audience = 'a') => joinedFrame(sql, audience, () => `frame ${++made}`);
    expect([frame(), frame(), frame('b'), frame('b'), frame()]).toEqual([1, 1, 2, 2, 3].map((n) => `frame ${n}`));

    sql.exec("INSERT INTO meta (key, value) VALUES ('any', 'thing')");
    expect([frame(), frame()]).toEqual(['frame 4', 'frame 4']);
    forgetJoined(sql);
    expect([frame(), frame()]).toEqual(['frame 5', 'frame 5']);
    const undone = () =>
      atomically(storage, () => {
        frame();
        throw new Error('undone');
      });
    expect(undone).toThrow('undone');
    expect(frame()).toBe('frame 6');
  }));
