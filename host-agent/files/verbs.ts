/**
 * What is done with files in the place of an owner, as its user: each with what goes in and comes out. Both ends check
 * with these; what carries them (hands/control, hands/actor) knows none of it.
 */
import * as z from 'zod';
import { fileCalls, fileScope } from '../../shared/calls/files.ts';
import { workspaceCalls } from '../../shared/calls/workspace.ts';
import { storedFile } from '../../shared/channels/transfers.ts';
import { missionId } from '../../shared/ids.ts';

const nothing = z.object({});
const target = z.object({ scope: fileScope, path: z.string() });
const { list, makeDirectory, remove, send } = fileCalls;
const { debug, initLog } = workspaceCalls;

/** Those without bytes. */
export const verbs = {
  list,
  makeDirectory,
  remove,
  /** Whether something may be put there. Out: where that is, in the client's words. */
  check: { args: target, reply: z.object({ shown: z.string() }) },
  debug,
  initLog,
  /** Empties a mission's directory, and makes it ready as it was at first. */
  cleanMission: { args: z.object({ mission: missionId }), reply: nothing },
  /** Removes all that is in a mission's directories. */
  emptyMission: { args: z.object({ mission: missionId }), reply: nothing },
};
type Verbs = typeof verbs;
export type Verb = keyof Verbs;
export type ArgsOf<V extends Verb> = z.output<Verbs[V]['args']>;
export type ReplyOf<V extends Verb> = z.output<Verbs[V]['reply']>;

/** Describes a file and, with `withBytes`, sends what of it is wanted. */
export const readArgs = send.args.omit({ transfer: true }).extend({ withBytes: z.boolean() });
export const readReply = send.reply;

/** Makes the bytes that come along a file in a directory, under a name that is made safe. */
export const putArgs = target.extend({ name: z.string().optional() });
export const putReply = storedFile;

/** The directories that the resolver is told of (workspaces/outside.ts). */
export const roots = z.object({ workingDir: z.string(), stateDir: z.string() });

/** One of them, as it is asked of an actor. */
export const asked = z.discriminatedUnion('verb', [
  z.object({ roots, verb: z.literal('read'), args: readArgs }),
  z.object({ roots, verb: z.literal('put'), args: putArgs }),
  z.object({
    roots,
    verb: z.enum(['list', 'makeDirectory', 'remove', 'check', 'debug', 'initLog', 'cleanMission', 'emptyMission']),
    args: z.unknown(),
  }),
]);
