import type { Client } from './client.ts';
import { type Durable, durableOf, type Session } from './events.ts';

/**
 * OpenCode sends the whole history of each session that is not named in the request, and fails above some 1,000 names
 * (measured). So this many others are named to keep them out; what is left over is read and dropped. That there are
 * hardly ever more is what missions/parking is for.
 */
const maxNamed = 800;

/** Names these sessions, as many as can be, in such a way that nothing of theirs is sent. */
export const keptOut = (sessions: readonly string[]): Record<string, number> =>
  Object.fromEntries(sessions.slice(0, maxNamed).map((id) => [id, Number.MAX_SAFE_INTEGER]));

/**
 * The whole stored history of some session trees: each root session with the sessions of its sub-agents, in an order in
 * which they can be translated. A root that OpenCode does not know has no rows. Throws as Client does.
 */
export const readTrees = async (client: Client, roots: readonly string[]): Promise<Map<string, Durable[]>> => {
  const sessions = await client.listAllSessions();
  const parents = parentsOf(sessions);
  const wanted = new Set(roots);
  const others = sessions.map(({ id }) => id).filter((id) => rootOf(id, parents, wanted) === null);
  const rows: Durable[] = [];
  // They come in order of seq, and a session's first event names its parent: so whose a later event is, is known by
  // then, also where a sub-agent began after the list was read.
  await client.history(keptOut(others), (stored) => {
    if (stored.seq > 0 && rootOf(stored.aggregate_id, parents, wanted) === null) return;
    const row = durableOf(stored);
    if (row.fact.kind === 'session' && row.fact.session.parentID) parents.set(row.session, row.fact.session.parentID);
    rows.push(row);
  });
  const trees = new Map<string, Durable[]>(roots.map((root) => [root, []]));
  for (const row of rows) {
    const root = rootOf(row.session, parents, wanted);
    if (root !== null) trees.get(root)?.push(row);
  }
  return new Map([...trees].map(([root, tree]) => [root, inOrder(root, tree, parents)]));
};

/** Whose sub-agent's each session is. */
export const parentsOf = (sessions: readonly Session[]): Map<string, string> =>
  new Map(sessions.flatMap(({ id, parentID }) => (parentID ? [[id, parentID] as const] : [])));

/** The one of these roots in whose tree a session is, or null. */
export const rootOf = (
  session: string,
  parents: ReadonlyMap<string, string>,
  roots: ReadonlySet<string>,
): string | null => {
  let at: string | undefined = session;
  for (const seen = new Set<string>(); at !== undefined && !seen.has(at); at = parents.get(at)) {
    if (roots.has(at)) return at;
    seen.add(at);
  }
  return null;
};

/**
 * One order for the sessions of a tree. Inside a session only `seq` counts; between sessions the time in the event ids
 * serves, which is right unless the clock jumped, and a sub-agent's rows wait for the call that started it: that is
 * what its rows refer to.
 */
export const inOrder = (root: string, rows: readonly Durable[], parents: ReadonlyMap<string, string>): Durable[] => {
  const queues = new Map<string, Durable[]>();
  for (const row of rows) {
    const queue = queues.get(row.session);
    if (queue) queue.push(row);
    else queues.set(row.session, [row]);
  }
  // Backwards, so that the next row is cheap to take.
  for (const queue of queues.values()) queue.sort((a, b) => b.seq - a.seq);

  const called = new Set([root]);
  const mayGo = (session: string): boolean =>
    called.has(session) || (queues.get(parents.get(session) ?? '')?.length ?? 0) === 0;
  const ordered: Durable[] = [];
  for (;;) {
    let first: Durable[] | undefined;
    for (const [session, queue] of queues) {
      const [row, best] = [queue.at(-1), first?.at(-1)];
      if (row && mayGo(session) && (!best || row.id < best.id)) first = queue;
    }
    const row = first?.pop();
    if (!row) return ordered;
    ordered.push(row);
    const child = startedSession(row);
    if (child) called.add(child);
  }
};

/** The sub-agent's session that a tool call started, if the row says so. */
export const startedSession = ({ fact }: Durable): string | undefined =>
  fact.kind === 'part' && fact.part.type === 'tool' && fact.part.state.status !== 'pending'
    ? fact.part.state.metadata?.sessionId
    : undefined;
