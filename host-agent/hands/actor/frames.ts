/**
 * What the hands and an actor say to each other: one JSON object a line, on the actor's standard input and output, and
 * bytes of files behind the line that announces them. Who reads checks everything, on both sides: an actor runs as
 * somebody else, and what it says may be anything.
 */
import * as z from 'zod';
import { ask, type Outcome, outcome } from '../call/outcome.ts';
import { maxViewBytes } from '../call/view.ts';

/** Arguments of a call are at most half of it (server/http), and what models see of images is far below it. */
export const maxLineBytes = 16 * 1024 * 1024;
/** Of one piece of live output: as much as a pipe hands over at once. */
export const maxLiveChars = 64 * 1024;

/** Bytes of files behind one line: none is larger, so that no file holds up what else is said for long. */
export const maxPieceBytes = 64 * 1024;

/** Of a call of a tool, or of an act on files: they are counted together. */
const callNumber = z.int().positive();

/** What both sides say of the bytes of an act, of which no more are under way than were granted. */
const ofBytes = [
  /** So many bytes follow the line. */
  z.object({ type: z.literal('bytes'), id: callNumber, count: z.int().positive().max(maxPieceBytes) }),
  /** So many more may be sent. */
  z.object({ type: z.literal('grant'), id: callNumber, bytes: z.int().positive() }),
] as const;

/** A call, as it is given to an actor. */
export const work = z.object({
  tool: z.string(),
  args: z.record(z.string(), z.unknown()),
  directory: z.string(),
  session: z.string(),
  call: z.string(),
  agent: z.string(),
  granted: z.array(ask),
});
export type Work = z.infer<typeof work>;

/** Why an act on files failed: a code of shared/errors and a text for people. */
export const filesFailure = z.object({ code: z.string().max(100), message: z.string().max(20_000) });
export type FilesFailure = z.infer<typeof filesFailure>;

export const toActor = z.discriminatedUnion('type', [
  z.object({ type: z.literal('call'), id: callNumber, work }),
  z.object({ type: z.literal('cancel'), id: callNumber }),
  /** An act on files; what is asked is between the host-agent and the actor (files/verbs.ts). */
  z.object({ type: z.literal('files'), id: callNumber, asked: z.unknown() }),
  ...ofBytes,
  /** All bytes of the act have been sent. */
  z.object({ type: z.literal('whole'), id: callNumber }),
  /** A mission is over: what runs in the background in its directory ends. */
  z.object({ type: z.literal('forget'), directory: z.string() }),
  /** It has had no calls for a while: does anything run in the background, or may it end? */
  z.object({ type: z.literal('rest') }),
  /** Is it there? */
  z.object({ type: z.literal('ping') }),
]);
export type ToActor = z.infer<typeof toActor>;

export const fromActor = z.discriminatedUnion('type', [
  z.object({ type: z.literal('live'), id: callNumber, text: z.string().max(maxLiveChars) }),
  z.object({ type: z.literal('outcome'), id: callNumber, outcome: z.unknown() }),
  z.object({ type: z.literal('rest'), mayEnd: z.boolean() }),
  z.object({ type: z.literal('pong') }),
  /** What an act on files comes to; its bytes follow. */
  z.object({ type: z.literal('reply'), id: callNumber, reply: z.unknown() }),
  ...ofBytes,
  /** An act on files is over; `failure` is why it came to nothing, or ended amid its bytes. */
  z.object({ type: z.literal('over'), id: callNumber, failure: filesFailure.nullable() }),
  /** A mission is over, and processes are left of which it can't be said whose they are: they end with the actor. */
  z.object({ type: z.literal('strays') }),
]);
export type FromActor = z.infer<typeof fromActor>;

/** A line of an actor; undefined when it is none. */
export const parseFromActor = (line: string): FromActor | undefined => {
  try {
    return fromActor.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined; // No JSON.
  }
};

/** OpenCode cuts a text at 50 KB (opencode §9), so tools end before; what is far above it is nobody's result. */
const maxTextChars = 256 * 1024;
/** Of what people are shown when they are asked, and of what a client may want beside the view. */
const maxDetailChars = 256 * 1024;
const maxAsks = 64;
const maxImages = 8;

/** How a call ended, as its actor says it; undefined when that is no outcome, or larger than any may be. */
export const checkedOutcome = (said: unknown): Outcome | undefined => {
  const { data } = outcome.safeParse(said);
  if (!data) return undefined;
  switch (data.kind) {
    case 'asks':
      return data.asks.length > 0 && data.asks.length <= maxAsks && sizeOf(data.asks) <= maxDetailChars
        ? data
        : undefined;
    case 'failed':
      return data.text.length <= maxTextChars ? data : undefined;
    case 'done': {
      const images = data.images ?? [];
      const fits =
        data.title.length + data.text.length <= maxTextChars &&
        Buffer.byteLength(JSON.stringify(data.view)) <= maxViewBytes &&
        sizeOf(data.metadata ?? {}) <= maxDetailChars &&
        images.length <= maxImages &&
        images.every(({ mime, base64 }) => isShown.test(mime) && !notBase64.test(base64));
      return fits ? data : undefined;
    }
  }
};

/** What models are shown as it is. */
const isShown = /^(image\/[\w.+-]{1,60}|application\/pdf)$/;
const notBase64 = /[^A-Za-z0-9+/=]/;

const sizeOf = (value: unknown): number => JSON.stringify(value).length;
