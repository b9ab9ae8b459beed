// A store with years of work in it, written straight into the databases of a stopped edge.
import { randomUUID } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type LogEvent, noUsage } from '../../shared/events.ts';

export interface Fill {
  missions: number;
  eventsPerMission: number;
  /** Whose they are; the single user's where absent. */
  owner?: string;
  /** Length of what each tool call results in, in characters. */
  resultChars?: number;
  /** Whose the mission with this number is; `owner`'s where absent. */
  ownerOf?: (index: number) => string;
  /** Since when (milliseconds) the mission with this number is in the trash; none is without it. */
  deletedAt?: (index: number) => number | null;
}

/** Times of the rows, one second apart. */
const begunAtMs = 1_700_000_000_000;
const defaultResultChars = 100;
/** One slice of effects. */
const owedAccounts = 100;

/** The largest database below a directory: workerd keeps small ones of its own beside ours. */
export const databaseBelow = (directory: string): string => {
  const found = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.sqlite') && !name.endsWith('metadata.sqlite'))
    .map((name) => join(directory, name))
    .sort((a, b) => statSync(b).size - statSync(a).size)[0];
  if (found === undefined) throw new Error(`no database below ${directory}`);
  return found;
};

/**
 * Fills the object of `host` and the directory with missions that ended, consistently: nothing is left to be projected.
 * What runs is for a played host to say (running-missions.ts), and which mission is current for its user: accounts keep
 * it.
 */
export const fillStore = (edgeState: string, host: string, fill: Fill): void => {
  const { missions, eventsPerMission, owner: only = 'default', resultChars = defaultResultChars } = fill;
  const { ownerOf = () => only, deletedAt = () => null } = fill;
  const object = new DatabaseSync(databaseBelow(join(edgeState, 'open-agent-Host')));
  const directory = new DatabaseSync(databaseBelow(join(edgeState, 'd1')));
  const log = String(object.prepare("SELECT value FROM meta WHERE key = 'log'").get()?.value);
  const insertMission = object.prepare(
    `INSERT INTO missions (id, owner, workspace, title, status, next_sequence, cost_usd, created_at, updated_at, deleted_at, rev)
       VALUES (?, ?, 'w', ?, 'completed', ?, 0.1, ?, ?, ?, 1)`,
  );
  const insertCommand = object.prepare(
    `INSERT INTO commands (id, mission, state, at, content, clean, queued, turn)
       VALUES (?, ?, 'finished', ?, 'Do something useful', 0, 0, ?)`,
  );
  const insertRow = object.prepare(
    'INSERT INTO log (seq, mission, sequence, at, type, body) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const countBytes = object.prepare('UPDATE missions SET log_bytes = ? WHERE id = ?');
  const insertListed = directory.prepare(
    `INSERT INTO missions (id, host, owner, status, title, workspace, cost_usd, history, created_at, updated_at, deleted_at, in_trash, log, rev)
       VALUES (?, ?, ?, 'completed', ?, 'w', 0.1, ?, ?, ?, ?, ?, ?, 1)`,
  );
  const insertAccount = object.prepare('INSERT OR IGNORE INTO accounts (owner, live, rev, since) VALUES (?, 0, 1, 0)');
  const history = JSON.stringify([
    { role: 'user', content: 'Do something useful' },
    { role: 'assistant', content: 'x'.repeat(200) },
  ]);
  let seq = Number(object.prepare('SELECT coalesce(max(seq), 0) AS seq FROM log').get()?.seq);
  const untold = new Set<string>();
  object.exec('BEGIN');
  directory.exec('BEGIN');
  for (let index = 0; index < missions; index++) {
    const id = randomUUID();
    const [command, turn] = [randomUUID(), randomUUID()];
    const at = begunAtMs + index * 1000;
    const title = `Mission ${index}`;
    const [owner, deleted] = [ownerOf(index), deletedAt(index)];
    insertMission.run(id, owner, title, eventsPerMission + 1, at, at, deleted);
    if (insertAccount.run(owner).changes > 0) untold.add(owner);
    insertCommand.run(command, id, at, turn);
    insertListed.run(id, host, owner, title, history, at, at, deleted, deleted === null ? 0 : 1, log);
    const kept = event('message.kept', { command, content: 'Do something useful', agent: null, queued: false });
    let bytes = 0;
    for (const [number, event] of [kept, ...eventsOf(command, turn, eventsPerMission, resultChars)].entries()) {
      const body = JSON.stringify(event);
      insertRow.run(++seq, id, number === 0 ? null : number, at, event.type, body);
      bytes += body.length;
    }
    countBytes.run(bytes, id);
  }
  object.exec('DELETE FROM effects');
  // What an object owes that was opened by this version for the first time, as far as one slice of it goes: each
  // account is a database that is made, and the edge of one machine makes a thousand of them one after the other.
  const owed = object.prepare("INSERT INTO effects (kind, key, rev) VALUES ('account', ?, 1)");
  for (const each of [...untold].slice(0, owedAccounts)) owed.run(each);
  const server = JSON.stringify({ rev: 1_000, live: true, agents: null, working_dir: null });
  object
    .prepare("INSERT INTO meta (key, value) VALUES ('server', ?1) ON CONFLICT (key) DO UPDATE SET value = ?1")
    .run(server);
  directory.prepare('UPDATE hosts SET live = 1, log = ?, rev = 1000 WHERE id = ?').run(log, host);
  object.exec('COMMIT');
  directory.exec('COMMIT');
  object.close();
  directory.close();
};

/** One long turn: tool calls with results, an answer. */
const eventsOf = (command: string, turn: string, count: number, resultChars: number): { type: string }[] => [
  event('turn.started', { command, turn, agent: null, model: 'lab/m1' }),
  ...Array.from({ length: count - 2 }, (_, index) => {
    const tool_call_id = `call_${index >> 1}`;
    return index % 2 === 0
      ? event('tool.called', { turn, tool_call_id, name: 'bash', args: { command: 'make', index } })
      : event('tool.result', { tool_call_id, name: 'bash', result: 'x'.repeat(resultChars), failed: false });
  }),
  event('turn.ended', {
    command,
    turn,
    outcome: 'completed',
    answer: [],
    text: 'Done.',
    model: 'lab/m1',
    usage: noUsage,
  }),
];

const event = (type: LogEvent['type'], body: object) => ({ type, ...body });
