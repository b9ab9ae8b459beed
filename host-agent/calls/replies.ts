import * as z from 'zod';
import type { Call } from '../../shared/calls/call.ts';
import { type CallGroups, callGroups } from '../../shared/calls/calls.ts';
import { AppError } from '../../shared/errors.ts';

/**
 * What replies to one call, made by the user `owner`, whom an older edge does not name. Throws AppError for an expected
 * failure; its text is shown to people.
 */
type Work<C extends Call> = (
  args: z.output<C['args']>,
  owner: string | undefined,
) => Promise<z.input<C['reply']>> | z.input<C['reply']>;

type CallGroup<Group> = { [Name in keyof Group]: Call };

/** What replies to each call of a group; one that is missing does not compile. */
export type RepliesTo<Group> = { [Name in keyof Group]: Work<Group[Name] & Call> };

/**
 * What this host-agent replies to every call that is declared (shared/calls/calls); a group that is missing does not
 * compile.
 */
export type Replies = { [Name in keyof CallGroups]: RepliesTo<CallGroups[Name]> };

/**
 * What the link is given: replies to a call by its method. Throws `not_found` for one that only a newer version knows.
 */
export type OnCall = (method: string, args: unknown, owner?: string) => Promise<unknown>;

/** The link's `onCall` over all calls. */
export const replyToCalls = (replies: Replies): OnCall => {
  const groups = Object.keys(callGroups) as (keyof CallGroups)[]; // Its keys are all there are: it is a constant.
  return byMethod(new Map(groups.flatMap((name) => [...bound(callGroups[name], replies[name])])));
};

/** The same over one group alone. */
export const replyToGroup = <Group extends CallGroup<Group>>(group: Group, replies: RepliesTo<Group>): OnCall =>
  byMethod(bound(group, replies));

const byMethod =
  (known: ReadonlyMap<string, Checked>): OnCall =>
  async (method, args, owner) => {
    const reply = known.get(method);
    if (!reply) throw new AppError('not_found', `This server's host-agent answers no ${method}. Update it.`);
    return reply(args, owner);
  };

type Checked = (args: unknown, owner: string | undefined) => Promise<unknown>;

const bound = <Group extends CallGroup<Group>>(group: Group, replies: RepliesTo<Group>) => {
  const known = new Map<string, Checked>();
  for (const name of Object.keys(group) as (keyof Group)[])
    known.set(group[name].method, checked(group[name], replies[name]));
  return known;
};

/** Checks what came and what goes out. */
const checked =
  <C extends Call>({ method, args, reply }: C, work: Work<C>): Checked =>
  async (given, owner) => {
    const known = args.safeParse(given);
    if (!known.success) throw new AppError('bad_request', `${method}: ${z.prettifyError(known.error)}`);
    // Zod can't say of a schema known by its type alone what it gave.
    return reply.parse(await work(known.data as z.output<C['args']>, owner));
  };
