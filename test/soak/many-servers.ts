// An edge with many servers, each of which is connected and played, and accounts that have work on some of them.
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { startSystem } from '../bench/system.ts';
import { copiedBuild } from '../faults/copied-build.ts';
import { giveOrder, type Order, wrapEdge } from '../faults/edge-orders.ts';
import { turnRows } from '../fuzz/from-host.ts';
import { goodHost } from '../fuzz/witness.ts';
import type { Person } from '../support/person.ts';
import { tell } from './size.ts';

/** Servers are made this many at a time: each is a few requests. */
const atATime = 8;
/** Told as a progress. */
const every = 50;

export type ManyServers = Awaited<ReturnType<typeof startManyServers>>;
export type PlayedServer = ManyServers['servers'][number];

const well: Order = { d1: 'well', throwing: [], ending: [] };
const made = z.looseObject({ id: z.string() });

/** Does `work` for each of `all`, a few at a time. */
export const forEach = async <T>(
  all: readonly T[],
  work: (one: T, index: number) => Promise<unknown>,
): Promise<void> => {
  const left = [...all.entries()];
  const one = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) await work(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: atATime }, one));
};

/** Starts the edge, and a played host for each of `count` servers. */
export const startManyServers = async (count: number, users: readonly [string, ...string[]]) => {
  const build = await copiedBuild();
  await wrapEdge(build);
  const system = await startSystem({ workerDir: build.workerDir, users });

  const enrolled = async () => {
    const { id, credential, workspaceId } = await system.enrol();
    const host = await goodHost(system, { id, credential });
    let n = 0;
    return {
      id,
      /** A new mission of `person` here. */
      open: async (person: Person): Promise<string> => {
        const body = { title: `on ${id}`, workspace_id: workspaceId };
        return made.parse((await person.call('POST', '/api/control/missions', body)).json).id;
      },
      /** A message of `owner` to the mission, with the host's whole turn: `answer` is what the agent says. */
      talk: async (person: Person, owner: string, mission: string, answer: string): Promise<void> => {
        const asked = host.dial.frames.length;
        const { message: command } = await person.say('What is true?', mission);
        await host.dial.next('commands', asked);
        host.dial.send(JSON.stringify({ type: 'received', ids: [command] }));
        const turn = randomUUID();
        const rows = turnRows({ owner, mission, command: made.shape.id.parse(command), turn }, `prt ${turn}`, answer);
        await host.append(n + 1, rows);
        n += rows.length;
      },
      leave: host.dial.leave,
    };
  };

  const servers: Awaited<ReturnType<typeof enrolled>>[] = [];
  const [...numbers] = Array(count).keys();
  await forEach(numbers, async () => {
    servers.push(await enrolled());
    if (servers.length % every === 0) tell(`${servers.length} of ${count} servers are connected`);
  });

  return {
    servers,
    personOf: system.personOf,
    /** The servers that were asked for something since the last look. */
    asked: async (): Promise<string[]> => (await giveOrder(system.url, well)).asked,
    mend: () => giveOrder(system.url, well),
    /** This server's object ends, and throws whenever it is started again; until `mend`. */
    breakDown: ({ id }: { id: string }) => {
      const object = { of: 'HOST', name: id } as const;
      return giveOrder(system.url, { ...well, throwing: [object], ending: [object] });
    },
    close: async (): Promise<void> => {
      for (const server of servers) server.leave();
      await system.close();
      build.remove();
    },
  };
};
