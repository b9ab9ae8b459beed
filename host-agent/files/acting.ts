import type { ActOnFiles } from '../hands/actor/acting-on-files.ts';
import type { SeedConfigDirectory } from '../workspaces/mission-directory.ts';
import { filesHere } from './here.ts';
import type { PlaceFiles } from './place-files.ts';
import { type ArgsOf, asked, type Verb, verbs } from './verbs.ts';

/**
 * How an actor does what is asked with files: as its own user, by the one resolver of paths. `home` is that of the user
 * of a place of its own.
 */
export const actOnFiles =
  (seed: SeedConfigDirectory, home?: string): ActOnFiles =>
  async (given, body, signal) => {
    const { roots, ...act } = asked.parse(given);
    const files = filesHere({ ...roots, home }, seed);
    switch (act.verb) {
      case 'put':
        return { reply: await files.put(act.args, body) };
      case 'read': {
        const { described, read, close } = await files.read(act.args);
        signal.throwIfAborted();
        return { reply: described, bytes: { read: act.args.withBytes ? read : async () => null, close } };
      }
      default:
        return { reply: await answer(files, act.verb, act.args) };
    }
  };

/** Zod can't say of a schema known by its type alone what it gave. */
const answer = <V extends Verb>(files: PlaceFiles, verb: V, args: unknown) =>
  files.ask(verb, verbs[verb].args.parse(args) as ArgsOf<V>);
