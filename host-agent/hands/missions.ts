import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { replaceFile } from '../process/replace-file.ts';
import { textOfFile } from '../process/text-file.ts';

/** A mission whose calls the hands take. */
export const handsMission = z.object({
  mission: z.string().min(1).max(200),
  /** Where it works, without links: OpenCode names its calls by it. */
  directory: z.string().startsWith('/').max(4_096),
  owner: z.string().max(200),
  /** What the owner's place may hold. */
  placeBytes: z.int().nonnegative().optional(),
});
export type HandsMission = z.infer<typeof handsMission>;

/** Which missions there are, in memory and on disk. */
export interface Missions {
  /** The mission that works in a directory. */
  at(directory: string): HandsMission | undefined;
  /** False when it was known just so. Throws when it can't be written down. */
  add(mission: HandsMission): boolean;
  /** Undefined when it was not known. Throws when it can't be written down. */
  remove(mission: string): HandsMission | undefined;
  get(mission: string): HandsMission | undefined;
  count(): number;
}

const line = z.union([handsMission, z.object({ forgotten: z.string() })]);

/**
 * Reads which missions hands of before knew, and writes down each change. The file has a line for each, and begins anew
 * with those that are left: adding one costs the same among five thousand. It is not written through, since after a
 * power cut the host-agent tells of every mission that it works on again.
 */
export const openMissions = async (directory: string): Promise<Missions> => {
  const path = join(directory, 'missions.ndjson');
  const byId = new Map<string, HandsMission>();
  const byDirectory = new Map<string, HandsMission>();

  const put = (mission: HandsMission): void => {
    take(mission.mission);
    const before = byDirectory.get(mission.directory);
    if (before) take(before.mission); // A directory is one mission's; the last one said is right.
    byId.set(mission.mission, mission);
    byDirectory.set(mission.directory, mission);
  };
  const take = (id: string): HandsMission | undefined => {
    const mission = byId.get(id);
    if (!mission) return undefined;
    byId.delete(id);
    byDirectory.delete(mission.directory);
    return mission;
  };
  for (const read of linesOf((await textOfFile(path)) ?? '')) {
    if ('forgotten' in read) take(read.forgotten);
    else put(read);
  }
  await replaceFile(path, [...byId.values()].map((mission) => `${JSON.stringify(mission)}\n`).join(''), 0o600);

  /** Each begins a line of its own, also behind one that a full disk cut short. */
  const write = (change: z.infer<typeof line>): void =>
    appendFileSync(path, `\n${JSON.stringify(change)}\n`, { mode: 0o600 });

  return {
    at: (directory) => byDirectory.get(directory),
    add: (given) => {
      const known = byId.get(given.mission);
      const mission = { ...given, placeBytes: given.placeBytes ?? known?.placeBytes }; // What is not said stays.
      const isSame = (name: keyof HandsMission): boolean => known?.[name] === mission[name];
      if (isSame('directory') && isSame('owner') && isSame('placeBytes')) return false;
      write(mission);
      put(mission);
      return true;
    },
    remove: (id) => {
      if (!byId.has(id)) return undefined;
      write({ forgotten: id });
      return take(id);
    },
    get: (id) => byId.get(id),
    count: () => byId.size,
  };
};

/** What can't be read was cut short: its mission is told of again. */
const linesOf = (text: string): z.infer<typeof line>[] =>
  text.split('\n').flatMap((each) => {
    try {
      return [line.parse(JSON.parse(each))];
    } catch {
      return [];
    }
  });
