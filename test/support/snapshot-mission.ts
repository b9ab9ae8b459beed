// A mission whose files a test changes as an agent would, and its snapshots, in this process.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Snapshots, snapshotsOf } from '../../host-agent/hands/snapshots/verbs.ts';
import type { SnapshotWish } from '../../host-agent/hands/snapshots/words.ts';
import { type ChangedFile, changesOfMission, changesOfStep, diffOfStep, undone } from '../../shared/changes.ts';
import { systemClock } from '../../shared/clock.ts';
import { temporaryDirectory } from './host-store.ts';

/** As much as there is. */
export const page = { offset: 0, limit: 500 };

/** A mission whose files a test changes as an agent would. */
export const snapshotMission = () => {
  const root = temporaryDirectory();
  const [store, directory] = [join(root, 'store'), join(root, 'tree')];
  mkdirSync(directory);
  let snapshots: Snapshots = snapshotsOf(systemClock);
  const ask = (wish: SnapshotWish) => snapshots({ ...wish, store, mission: 'm1', directory });
  const at = (path: string): string => join(directory, path);
  const put = (path: string, content: string | Buffer): void => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), content);
  };
  let turns = 0;
  return {
    root,
    store: join(store, 'm1'),
    directory,
    at,
    put,
    ask,
    text: (path: string): string => readFileSync(at(path), 'utf8'),
    /** A turn that does this; its id. */
    turn: async (work: () => void): Promise<string> => {
      const turn = `turn-${++turns}`;
      await ask({ verb: 'begin', turn, message: `message-${turns}` });
      work();
      await ask({ verb: 'end', turn });
      return turn;
    },
    list: async () => changesOfMission.parse(await ask({ verb: 'list', ...page })),
    changed: async (step: string | null): Promise<ChangedFile[]> =>
      changesOfStep.parse(await ask({ verb: 'files', step, ...page })).files,
    diff: async (step: string | null, path: string | null = null) =>
      diffOfStep.parse(await ask({ verb: 'diff', step, path, ...page })),
    undo: async (step: string | null, more: { paths?: string[]; force?: boolean } = {}) =>
      undone.parse(await ask({ verb: 'undo', step, paths: more.paths ?? null, force: more.force ?? false })),
    /** The process that knew all this is gone. */
    restart: (): void => {
      snapshots = snapshotsOf(systemClock);
    },
  };
};

/** Changes in words. */
export const short = (files: readonly ChangedFile[]): string[] =>
  files.map(({ change, path, from }) => `${change} ${from === null ? '' : `${from} > `}${path}`);

/** What a store of snapshots has, by path. */
export const objectsIn = (store: string): string[] =>
  readdirSync(join(store, 'objects'), { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('/'));
