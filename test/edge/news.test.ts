// What a server says of no mission is for admins, also of those that hold nothing of theirs; and no stream asks servers
// that have nothing new to say.
import { env, evictDurableObject } from 'cloudflare:test';
import { beforeEach, expect, test, vi } from 'vitest';
import { accountOf } from '../../worker/account/account-of.ts';
import { asUser, edgeEnv, enrol, freshDirectory, teamUsers } from './edge.ts';
import { batch, dialHost, type HostPeer, hello, row } from './host-peer.ts';
import type { Block, StreamReader } from './stream-reader.ts';
import { create, watch } from './viewer.ts';
import { wokenBy } from './woken.ts';

const bound = edgeEnv({ OPEN_AGENT_USERS: teamUsers });
const [ada, bob] = [asUser('ada', bound), asUser('bob', bound)];

interface Server {
  id: string;
  workspaceId: string;
  peer: HostPeer;
  n: number;
}

beforeEach(freshDirectory);

const server = async (): Promise<Server> => {
  const { id, workspaceId } = await enrol();
  const peer = await dialHost(id);
  peer.send(hello('r1'));
  await peer.next('welcome');
  return { id, workspaceId, peer, n: 0 };
};

const notedBy = async (of: Server): Promise<string | undefined> =>
  (await accountOf(env, 'ada').servers()).find(({ host }) => host === of.id)?.news;

/** It says something, and the admin's account has heard of it. */
const note = async (of: Server, text: string): Promise<void> => {
  const before = await notedBy(of);
  of.n += 1;
  of.peer.send(batch('r1', of.n, [row(null, { type: 'host.note', code: 'disk.low', text })]));
  await of.peer.next('ack');
  await vi.waitFor(async () => expect(await notedBy(of)).not.toBe(before));
};
const says = (text: string) => (block: Block) => block.name === 'host.note' && block.data.text === text;
const texts = (stream: StreamReader): unknown[] => stream.named('host.note').map(({ data }) => data.text);

test('an admin who has nothing on a server sees what it says, once, and resumes behind it', async () => {
  const [one, two] = [await server(), await server()];
  const [adas, bobs] = [await watch(ada, '?format=delta'), await watch(bob, '?format=delta')];
  await note(one, 'first');
  await adas.until(says('first'));
  await note(two, 'second');
  await adas.until(says('second'));
  await note(one, 'third');
  await adas.until(says('third'));
  expect(texts(adas)).toEqual(['first', 'second', 'third']);
  const last = adas.cursor();
  await adas.leave();

  await note(two, 'while away');

  const again = await watch(ada, `?format=delta&after=${encodeURIComponent(last)}`);
  await again.until(says('while away'));
  await note(one, 'and then');
  await again.until(says('and then'));
  expect(texts(again)).toEqual(['while away', 'and then']);
  expect(again.named('reset')).toEqual([]);
  expect(texts(bobs)).toEqual([]);
});

test('a stream that begins now, or has seen all, wakes none of the servers that said something before', async () => {
  const servers = [];
  for (let n = 0; n < 12; n += 1) servers.push(await server());
  for (const each of servers) await note(each, 'before');
  const first = await watch(ada, '?format=delta');
  await first.until(({ name }) => name === 'snapshot');
  const last = first.cursor();
  expect(last).not.toBe('');
  await first.leave();
  for (const { id } of servers) await evictDurableObject(env.HOST.getByName(id));

  const woken = await wokenBy(async () => {
    const streams = [
      await watch(ada, '?format=delta'),
      await watch(ada, ''),
      await watch(ada, `?format=delta&after=${encodeURIComponent(last)}`),
    ];
    for (const stream of streams) {
      if (stream !== streams[1]) await stream.until(({ name }) => name === 'snapshot');
      expect(texts(stream)).toEqual([]);
      await stream.leave();
    }
    for (const path of ['/api/quotas', '/api/control/running']) expect((await ada(path)).status).toBe(200);
  });

  expect(woken).toEqual([]);
});

test('an admin with missions on more servers than a stream has sockets to sees what each of them says', async () => {
  const servers = [];
  for (let n = 0; n < 6; n += 1) servers.push(await server());
  for (const { workspaceId } of servers) await create(ada, { workspace_id: workspaceId });
  await vi.waitFor(async () => expect(await accountOf(env, 'ada').servers()).toHaveLength(6));
  const stream = await watch(ada, '?format=delta');

  for (const [n, each] of servers.entries()) {
    await note(each, `of ${n}`);
    await stream.until(says(`of ${n}`));
  }

  expect(texts(stream)).toEqual(servers.map((_, n) => `of ${n}`));
});
