import { copyFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createLog } from '../../host-agent/process/log.ts';
import { leaveNote } from '../../host-agent/process/note.ts';
import { openDatabase } from '../../host-agent/store/database.ts';
import { Notes, takeNotes } from '../../host-agent/store/notes.ts';
import { Outbox } from '../../host-agent/store/outbox.ts';
import { newHostId, temporaryDirectory } from '../support/host-store.ts';

const setUp = () => {
  const directory = join(temporaryDirectory(), 'notes');
  const database = openDatabase(join(temporaryDirectory(), 'host-agent.sqlite'), newHostId());
  onTestFinished(() => database.db.close());
  const notes = new Notes(database);
  let outbox = new Outbox(database);
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line) });
  const take = () =>
    takeNotes({ outbox, notes }, directory, { redact: (text) => text.replace('canary', '[secret]'), log });
  const stored = () =>
    [...outbox.unacknowledged()].flatMap(({ rows }) => rows.map(({ item }) => JSON.parse(item).event));
  const full = (isFull: boolean) => {
    outbox = new Outbox(database, isFull ? { capacity: { fullBytes: 1, maxBytes: 1 } } : {});
  };
  return { directory, full, lines, take, stored, files: () => readdirSync(directory) };
};

test('a note becomes one row of the log, redacted, and its file goes', async () => {
  const { directory, take, stored, files } = setUp();
  take(); // Before there is any directory.
  await leaveNote(directory, { at: 1, code: 'reaped', text: 'one canary' });
  expect(statSync(join(directory, files()[0] ?? '')).mode & 0o777).toBe(0o600);

  take();
  take();

  expect(stored()).toEqual([{ type: 'host.note', code: 'reaped', text: 'one [secret]' }]);
  expect(files()).toEqual([]);
});

test('a crash between the row and the removal of the file does not tell a note twice', async () => {
  const { directory, take, stored, files } = setUp();
  await leaveNote(directory, { at: 1, code: 'reaped', text: 'one' });
  const [name = ''] = files();
  const copy = join(temporaryDirectory(), name);
  copyFileSync(join(directory, name), copy);
  take();
  copyFileSync(copy, join(directory, name));

  take();

  expect(stored()).toHaveLength(1);
  expect(files()).toEqual([]);
});

test('a note that can not be stored stays for the next time; a file that is none is left alone and named', async () => {
  const { directory, full, lines, take, stored, files } = setUp();
  await leaveNote(directory, { at: 1, code: 'reaped', text: 'one' });
  writeFileSync(join(directory, 'bad.json'), '{');
  full(true);
  take();
  expect([stored(), files().length]).toEqual([[], 2]);

  full(false);
  take();

  expect(stored()).toEqual([{ type: 'host.note', code: 'reaped', text: 'one' }]);
  expect(files()).toEqual(['bad.json']);
  expect(lines.join('')).toContain('bad.json');
});
