// Thousands of missions that rest on a server: some in OpenCode, as many as stay there, the others parked.
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { openCodeClient } from '../../host-agent/opencode/api/client.ts';
import { endpointFile } from '../../host-agent/opencode/api/endpoint.ts';
import { type StoredRow, storedRow } from '../../host-agent/opencode/api/events.ts';
import type { System } from './system.ts';

/** Ids of OpenCode, in whatever field they are. */
const ids = /\b(ses|evt|msg|prt)_[A-Za-z0-9]+/g;
/** End of an id, which makes it another one. */
const endChars = 6;

/**
 * Makes `count` missions out of one that has ended, of which `inOpenCode` have their session there under ids of their
 * own, and the others lie in files, as Parking leaves them. The host-agent must not run.
 */
export const addRestingMissions = async (system: System, count: number, inOpenCode: number): Promise<void> => {
  const client = openCodeClient(endpointFile(system.files.openCodeServer));
  const store = new DatabaseSync(system.files.store);
  const model = store.prepare('SELECT session, directory, source FROM missions LIMIT 1').get();
  const [session, directory, source] = [String(model?.session), String(model?.directory), String(model?.source)];
  const texts: string[] = [];
  await client.history({}, (row, text) => {
    if (row.aggregate_id === session) texts.push(text);
  });
  if (texts.length === 0) throw new Error('the mission that is copied has no history');
  mkdirSync(system.files.parked, { recursive: true, mode: 0o700 });
  const insert = {
    missions: store.prepare('INSERT INTO missions (mission, session, directory, source) VALUES (?, ?, ?, ?)'),
    opened: store.prepare('INSERT INTO opened (mission) VALUES (?)'),
    upstream: store.prepare('INSERT INTO upstream (source, session, seq, event) VALUES (?, ?, ?, ?)'),
  };
  store.exec('BEGIN');
  for (let index = 0; index < count; index++) {
    const end = index.toString(36).padStart(endChars, '0');
    const other = (text: string): string => text.replaceAll(ids, (id) => id.slice(0, -endChars) + end);
    const [mission, own] = [randomUUID(), other(session)];
    const rows: StoredRow[] = texts.map((text) => storedRow.parse(JSON.parse(other(text))));
    const last = rows.at(-1);
    insert.missions.run(mission, own, directory, source);
    insert.opened.run(mission);
    insert.upstream.run(source, own, last?.seq ?? 0, last?.id ?? '');
    if (index < inOpenCode) await client.storeAgain(directory, rows);
    else {
      const lines = [JSON.stringify({ version: 1, session: own, directory }), ...texts.map(other), ''];
      writeFileSync(join(system.files.parked, `${mission}.jsonl.gz`), gzipSync(lines.join('\n')), { mode: 0o600 });
    }
  }
  store.exec('COMMIT');
  store.close();
};
