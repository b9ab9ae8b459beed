/** How an act on files is asked for on the control socket: a line of JSON and bytes behind it, both ways. */
import * as z from 'zod';
import { maxLineBytes } from '../actor/frames.ts';

/** Where it is asked. */
export const filesPath = '/files';
/** Trailer of an answer that broke off: a failure as JSON, with nothing in it that a header may not have. */
export const failureTrailer = 'x-openagent-failure';
/** Of the first line of a request: a path has at most 4 KiB. */
export const maxAskedBytes = 64 * 1024;
/** Of the first line of an answer: what an actor says in one has less. */
export const maxSaidBytes = 2 * maxLineBytes;

/** The first line of a request: in whose place, and what, which is between the host-agent and the actor. */
export const filesAsked = z.object({ owner: z.string().max(200), asked: z.unknown() });
export type FilesAsked = z.infer<typeof filesAsked>;

export const failure = z.object({ code: z.string(), message: z.string() });
/** The first line of an answer. */
export const filesSaid = z.union([z.object({ reply: z.unknown() }), z.object({ failure })]);
export type FilesSaid = z.infer<typeof filesSaid>;
