/** Missions' directories become their owner's: what an agent can write, root neither walks through nor runs git in. */
import { constants } from 'node:fs';
import { chmod, type FileHandle, lstat, mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type MissionId, missionShort } from '../../shared/ids.ts';
import { startChild } from '../process/child.ts';

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

/** Root lets others go through, but see nothing of what there is. */
const passage = 0o711;
const closed = 0o700;

/** The two places below WORKING_DIR that hold directories of missions. */
const rootsIn = (workingDir: string) => ({
  missions: join(workingDir, 'workspaces'),
  context: join(workingDir, 'context'),
});

/**
 * Before any place is there: nobody but us may enter what is still ours, so that nobody is inside when it is given.
 */
export const closeDirectories = async (workingDir: string): Promise<void> => {
  for (const root of Object.values(rootsIn(workingDir))) {
    await mkdir(root, { recursive: true });
    await chmod(root, passage);
    for (const entry of await readdir(root, { withFileTypes: true })) {
      const path = join(root, entry.name);
      if (entry.isDirectory() && (await lstat(path)).uid === ours()) await chmod(path, closed);
    }
  }
};

export interface Gift {
  mission: MissionId;
  /** As the hands know it; it has to be the mission's. */
  directory: string;
  to: { uid: number; gid: number };
  /** Whether these are another owner's files. */
  isOthers(uid: number): boolean;
}

/** Gives what a mission has to the owner, once. Rejects where that is not ours to give, and then nothing is changed. */
export const give = async (workingDir: string, { mission, directory, to, isOthers }: Gift): Promise<void> => {
  const { missions, context } = rootsIn(workingDir);
  const own = join(missions, `mission-${missionShort(mission)}`);
  if (directory !== own) throw new Error(`the directory of ${mission} is ${own}, and not ${directory}`);
  for (const path of [own, join(context, mission)]) {
    const handle = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).catch((error: unknown) => {
      if (path !== own && error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    });
    try {
      if (handle) await giveOne(handle, path, to, isOthers);
    } finally {
      await handle?.close();
    }
  }
};

const giveOne = async (handle: FileHandle, path: string, to: Gift['to'], isOthers: Gift['isOthers']): Promise<void> => {
  const { uid } = await handle.stat();
  if (uid === to.uid) return;
  if (isOthers(uid)) throw new Error(`${path} belongs to another user's missions`);
  await handle.chown(ours(), ours()); // Its owner of before may not open it again meanwhile.
  await handle.chmod(closed);
  await giveInside(path, to);
  await handle.chown(to.uid, to.gid); // The last: where this was cut short, all of it is done again.
};

/**
 * All that is inside of a directory that only we can enter. A file that has a second name may be something else's, and
 * stays ours; links themselves are given, and none is followed.
 */
const giveInside = async (path: string, { uid, gid }: Gift['to']): Promise<void> => {
  const command = ['find', path, '-xdev', '-mindepth', '1', '(', '-type', 'd', '-o', '-links', '1', ')'];
  const child = await startChild({
    command: [...command, '-exec', 'chown', '--no-dereference', `${uid}:${gid}`, '--', '{}', '+'],
    env: { PATH: process.env.PATH },
    output: 'none',
    session: 'ours',
    tie: null,
  });
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`what is in ${path} could not be given to the user ${uid}`);
};

const ours = (): number => process.getuid?.() ?? 0;
