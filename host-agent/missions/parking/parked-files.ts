/**
 * The histories of missions that rest, each in a file of its own below one directory: first a line that says what it
 * is, then the events as OpenCode sent them, one a line, compressed. The names are ids of missions, never what OpenCode
 * or an agent says.
 */
import { appendFileSync, createReadStream, existsSync } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import * as z from 'zod';
import type { MissionId } from '../../../shared/ids.ts';
import { type StoredRow, storedRow } from '../../opencode/api/events.ts';
import { privateDirectory } from '../../process/private-file.ts';

const firstLine = z.object({ version: z.literal(1), session: z.string(), directory: z.string() });
/** Which session it is the history of (with those of its sub-agents), and where that works. */
export type ParkedMission = Omit<z.infer<typeof firstLine>, 'version'>;

/** An event without its content would be stored again as another one, so here it has to be whole. */
const wholeRow = storedRow.extend({ data: z.record(z.string(), z.unknown()) });

/** UTF-16 units held in memory before they are written: many histories are written at once. */
const heldChars = 64 * 1024;

export type ParkedFiles = ReturnType<typeof parkedFiles>;
export type ParkedWriter = ReturnType<ParkedFiles['begin']>;

/** All of it in this directory, which is made when it is needed. */
export const parkedFiles = (directory: string) => {
  const pathOf = (mission: MissionId): string => join(directory, `${mission}.jsonl.gz`);

  return {
    pathOf,
    has: (mission: MissionId): boolean => existsSync(pathOf(mission)),

    /** Makes the directory, and removes from it what a killed process left half done. */
    prepare: async (): Promise<void> => {
      await privateDirectory(directory);
      for (const name of await readdir(directory)) {
        if (!name.endsWith('.jsonl.gz')) await rm(join(directory, name), { force: true });
      }
    },

    /** Begins a history; what is added counts only once `done` has resolved. */
    begin: (mission: MissionId, { session, directory: place }: ParkedMission) => {
      const begun = join(directory, `${mission}.begun`);
      let held = `${JSON.stringify({ version: 1, session, directory: place })}\n`;
      const write = (): void => {
        appendFileSync(begun, held, { mode: 0o600 });
        held = '';
      };
      return {
        /** `text`: one event as it came, a JSON object without a line break. */
        add(text: string): void {
          held += `${text}\n`;
          if (held.length >= heldChars) write();
        },
        /** Compresses it and makes it count, whole or not at all. */
        async done(): Promise<void> {
          write();
          const fresh = join(directory, `${mission}.new`);
          const file = await open(fresh, 'w', 0o600);
          await pipeline(createReadStream(begun), createGzip(), file.createWriteStream({ flush: true }));
          await rename(fresh, pathOf(mission));
          await rm(begun, { force: true });
        },
        drop: (): Promise<void> => rm(begun, { force: true }),
      };
    },

    /**
     * What is in a mission's file: `take` gets the events in their order, and is waited for. Throws for a file that is
     * not one of ours, or is cut off.
     */
    read: async (mission: MissionId, take: (row: StoredRow, of: ParkedMission) => Promise<void>) => {
      let parked: ParkedMission | null = null;
      let begun = '';
      // A damaged file ends the loop with an error, as it does not where a stream is only piped.
      await pipeline(createReadStream(pathOf(mission)), createGunzip(), async (bytes: AsyncIterable<Uint8Array>) => {
        const decoder = new TextDecoder();
        for await (const piece of bytes) {
          const lines = (begun + decoder.decode(piece, { stream: true })).split('\n');
          begun = lines.pop() ?? '';
          for (const line of lines) {
            if (parked === null) parked = firstLine.parse(JSON.parse(line));
            else await take(wholeRow.parse(JSON.parse(line)), parked);
          }
        }
      });
      if (parked === null) throw new Error('the file is empty');
      return parked;
    },

    forget: (mission: MissionId): Promise<void> => rm(pathOf(mission), { force: true }),
  };
};
