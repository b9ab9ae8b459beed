// A store with years of work in it, written straight into the databases of a stopped edge.
import { randomUUID } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type LogEvent, noUsage } from '../../shared/events.ts';

export interface Fill {
  missions: number;
  eventsPerMission: number;
  /** Of these missions so many have a turn that runs. */
  running: number;
  /** Whose they are; the single user's where absent. */
  owner?: string;
  /** Length of what each tool call results in, in characters. */
  resultChars?: number;
}

/** Times of the rows, one second apart. */
const begunAtMs = 1_700_000_000_000;
const defaultResultChars = 100;

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
 * Fills the object of `host` and the directory, consistently: nothing is left to be projected. Returns a mission that
 * ended.
 */
export const fillStore = (edgeState: string, host: string, fill: Fill): string => {
  const { missions, eventsPerMission, running, owner = 'default', resultChars = defaultResultChars } = fill;
  const object = new DatabaseSync(databaseBelow(join(edgeState, 'open-agent-Host')));
  const directory = new DatabaseSync(databaseBelow(join(edgeState, 'd1')));
  const log = String(object.prepare("SELECT value FROM meta WHERE key = 'log'").get()?.value);
  const insertMission = object.prepare(
    `INSERT INTO missions (id, owner, workspace, title, status, turn, next_sequence, cost_usd, created_at, updated_at, rev)
       VALUES (?, ?, 'w', ?, ?, ?, ?, 0.1, ?, ?, 1)`,
  );
  const insertCommand = object.prepare(
    `INSERT INTO commands (id, mission, state, at, content, clean, queued, turn) VALUES (?, ?, ?, ?, 'Do something useful', 0, 0, ?)`,
  );
  const insertRow = object.prepare(
    'INSERT INTO log (seq, mission, sequence, at, type, body) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const countBytes = object.prepare('UPDATE missions SET log_bytes = ? WHERE id = ?');
  const insertListed = directory.prepare(
    `INSERT INTO missions (id, host, owner, status, title, workspace, cost_usd, history, created_at, updated_at, log, rev)
       VALUES (?, ?, ?, ?, ?, 'w', 0.1, ?, ?, ?, ?, 1)`,
  );
  const history = JSON.stringify([
    { role: 'user', content: 'Do something useful' },
    { role: 'assistant', content: 'x'.repeat(200) },
  ]);
  let seq = Number(object.prepare('SELECT coalesce(max(seq), 0) AS seq FROM log').get()?.seq);
  let first = '';
  object.exec('BEGIN');
  directory.exec('BEGIN');
  for (let index = 0; index < missions; index++) {
    const id = randomUUID();
    const [command, turn] = [randomUUID(), randomUUID()];
    const at = begunAtMs + index * 1000;
    const runs = index >= missions - running;
    const status = runs ? 'active' : 'completed';
    const title = `Mission ${index}`;
    if (first === '') first = id;
    insertMission.run(id, owner, title, status, runs ? turn : null, eventsPerMission + 1, at, at);
    insertCommand.run(command, id, runs ? 'running' : 'finished', at, turn);
    insertListed.run(id, host, owner, status, title, history, at, at, log);
    const kept = event('message.kept', { command, content: 'Do something useful', agent: null, queued: false });
    let bytes = 0;
    for (const [number, event] of [kept, ...eventsOf(command, turn, eventsPerMission, runs, resultChars)].entries()) {
      const body = JSON.stringify(event);
      insertRow.run(++seq, id, number === 0 ? null : number, at, event.type, body);
      bytes += body.length;
    }
    countBytes.run(bytes, id);
  }
  object.exec('DELETE FROM effects');
  const server = JSON.stringify({ rev: 1_000, live: true, agents: null, working_dir: null });
  object
    .prepare("INSERT INTO meta (key, value) VALUES ('server', ?1) ON CONFLICT (key) DO UPDATE SET value = ?1")
    .run(server);
  directory.prepare('UPDATE hosts SET live = 1, log = ?, rev = 1000 WHERE id = ?').run(log, host);
  directory.prepare('INSERT OR REPLACE INTO current_missions (owner, mission) VALUES (?, ?)').run(owner, first);
  object.exec('COMMIT');
  directory.exec('COMMIT');
  object.close();
  directory.close();
  return first;
};

/** One long turn: tool calls with results, an answer. */
const eventsOf = (
  command: string,
  turn: string,
  count: number,
  runs: boolean,
  resultChars: number,
): { type: string }[] => [
  event('turn.started', { command, turn, agent: null, model: 'lab/m1' }),
  ...Array.from({ length: count - 2 }, (_, index) => {
    const tool_call_id = `call_${index >> 1}`;
    return index % 2 === 0
      ? event('tool.called', { turn, tool_call_id, name: 'bash', args: { command: 'make', index } })
      : event('tool.result', { tool_call_id, name: 'bash', result: 'x'.repeat(resultChars), failed: false });
  }),
  runs
    ? event('turn.error', { turn, message: 'The provider answered 529 and is asked again.' })
    : event('turn.ended', {
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
