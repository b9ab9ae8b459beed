import { rmSync } from 'node:fs';
import { type Clock, rest } from '../../shared/clock.ts';
import type { Log } from '../process/log.ts';
import { notesIn, readNote } from '../process/note.ts';
import type { Database } from './database.ts';
import type { Outbox } from './outbox.ts';

/** Notes of the launcher whose rows are in the outbox, by id. */
export class Notes {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  isTaken(id: string): boolean {
    return this.#database.db.prepare('SELECT 1 FROM notes WHERE id = ?').get(id) !== undefined;
  }

  /** Call it in the `alongside` of the append that stores the note's row. */
  take(id: string): void {
    this.#database.db.prepare('INSERT INTO notes (id) VALUES (?)').run(id);
  }
}

/**
 * Brings every note in `directory` into the log as a `host.note`, oldest first. A file goes only after its row is
 * stored, and its id is stored with the row: a crash in between neither loses a note nor tells it twice. What can't be
 * taken in now stays for the next call. Never throws.
 */
export const takeNotes = (
  { outbox, notes }: { outbox: Outbox; notes: Notes },
  directory: string,
  { redact, log }: { redact: (text: string) => string; log: Log },
): void => {
  const attempt = <T>(path: string, work: () => T): T[] => {
    try {
      return [work()];
    } catch (error) {
      log.warn('note.not_taken', { path, error });
      return [];
    }
  };
  const found = attempt(directory, () => notesIn(directory)).flat();
  const read = found.flatMap((path) => attempt(path, () => ({ path, note: readNote(path) })));
  for (const { path, note } of read.sort((a, b) => a.note.at - b.note.at)) {
    attempt(path, () => {
      const { id, at, code, text } = note;
      const row = { at, mission: null, event: { type: 'host.note' as const, code, text: redact(text) } };
      if (!notes.isTaken(id)) outbox.append([row], () => notes.take(id));
      rmSync(path);
    });
  }
};

/** Between two looks at a directory that is empty nearly always. */
const lookMs = 10_000;

/** Calls `take` again and again until `stop` aborts: who leaves a note need not tell anybody of it. */
export const keepTakingNotes = async (take: () => void, clock: Clock, stop: AbortSignal): Promise<void> => {
  while (!stop.aborted) {
    take();
    await rest(clock, lookMs, stop);
  }
};
