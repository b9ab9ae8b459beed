import { lstat } from 'node:fs/promises';
import * as z from 'zod';
import { fileScope } from '../../shared/calls/files.ts';
import { AppError } from '../../shared/errors.ts';
import type { MissionId } from '../../shared/ids.ts';
import type { HandsControl } from '../hands/control/client.ts';
import type { FileRoots } from '../workspaces/outside.ts';
import { missionDirectory } from '../workspaces/paths.ts';
import type { PlaceFiles } from './place-files.ts';
import type { Reading } from './reading.ts';
import { type asked, putReply, type ReplyOf, readReply, type Verb, verbs } from './verbs.ts';

interface InPlaceParts {
  control: Pick<HandsControl, 'files'>;
  /** In whose place. */
  owner: string;
  roots: FileRoots;
  /** Resolves once the mission's directories are there, and the owner's. */
  ensure(mission: MissionId): Promise<void>;
}

/**
 * Files as the user of an owner's place reaches them: what is asked goes to its actor by way of the hands, and what
 * that says is checked, because an agent's code may have become part of it.
 */
export const filesInPlace = ({ control, owner, roots, ensure }: InPlaceParts): PlaceFiles => {
  const { workingDir, stateDir } = roots;
  const send = async (act: Omit<z.input<typeof asked>, 'roots'>, bytes?: AsyncIterable<Uint8Array>) => {
    for (const mission of await missionsIn(workingDir, act.args)) await ensure(mission);
    return control.files({ owner, asked: { ...act, roots: { workingDir, stateDir } } }, bytes);
  };
  return {
    ask: async (verb, args) => {
      const { reply, close } = await send({ verb, args });
      close();
      return replyOf(verb, reply);
    },
    read: async (args) => {
      const { reply, bytes, close } = await send({ verb: 'read', args });
      try {
        return { described: checked(readReply, reply), read: inPieces(bytes), close: async () => close() };
      } catch (error) {
        close();
        throw error;
      }
    },
    put: async (args, bytes) => {
      const { reply, close } = await send({ verb: 'put', args }, bytes);
      close();
      return checked(putReply, reply);
    },
  };
};

/** The missions that an act may be about: the current one, and those that its path names, where they are here. */
const missionsIn = async (workingDir: string, args: unknown): Promise<MissionId[]> => {
  const { scope } = scoped.parse(args);
  const named = (scope?.missions ?? []).map(async (id) => ((await isHere(workingDir, id)) ? [id] : []));
  const ids = [...(scope?.current ? [scope.current] : []), ...(await Promise.all(named)).flat()];
  return [...new Set(ids)];
};

const scoped = z.object({ scope: fileScope.optional() });

const isHere = (workingDir: string, mission: MissionId): Promise<boolean> =>
  lstat(missionDirectory(workingDir, mission)).then(
    () => true,
    () => false, // For whatever reason: the act itself says it.
  );

/** Zod can't say of a schema known by its type alone what it gave. */
const replyOf = <V extends Verb>(verb: V, said: unknown): ReplyOf<V> =>
  checked<unknown>(verbs[verb].reply, said) as ReplyOf<V>;

const checked = <T>(schema: z.ZodType<T>, said: unknown): T => {
  const known = schema.safeParse(said);
  if (known.success) return known.data;
  throw new AppError('internal', notAReply, { cause: known.error });
};

const notAReply =
  'What the process that acts on files said is no answer, so it was thrown away. Look at the files before you try again.';

/** Parts as they come, as pieces of at most so many bytes. */
const inPieces = (bytes: AsyncGenerator<Uint8Array, void>): Reading['read'] => {
  let left: Uint8Array = new Uint8Array(0);
  return async (max) => {
    while (left.length === 0) {
      const { done, value } = await bytes.next();
      if (done) return null;
      left = value;
    }
    const piece = left.subarray(0, max);
    left = left.subarray(max);
    return piece;
  };
};
