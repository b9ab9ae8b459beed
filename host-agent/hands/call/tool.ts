/** What a tool is, and what it is given: the types that actors and tools share. */
import * as z from 'zod';
import type { Clock } from '../../../shared/clock.ts';
import type { Declared } from '../declared/declared.ts';
import type { Ask, Outcome } from './outcome.ts';
import { sentenceOf } from './refused.ts';

/** What a file was when a session had it before its eyes. */
export interface FileState {
  /** SHA-256 of the whole content, in hex; empty for a file too large to be read whole. */
  hash: string;
  mtimeMs: number;
  size: number;
}

/** Which files a session has read or written, by real path, and what they were then. */
export interface SeenFiles {
  note(path: string, state: FileState): void;
  /** Null when the session has not seen it, or so many others since that it is forgotten. */
  of(path: string): FileState | null;
  forget(path: string): void;
}

/** What a tool is given beside its arguments. */
export interface Situation {
  /** The mission's directory: relative paths begin here. */
  directory: string;
  session: string;
  call: string;
  agent: string;
  /** What OpenCode's rules or a person allowed for this call. */
  granted: readonly Ask[];
  /** Files that this session has read or written, with what they were then. */
  seen: SeenFiles;
  /** Keeps output that is too long for a model below `<directory>/temp`; resolves to where it is. */
  keep(name: string, text: string): Promise<string>;
  /** Aborts when the turn was cancelled. */
  signal: AbortSignal;
  /** Output as it comes, for viewers. */
  live(text: string): void;
  clock: Clock;
}

/** A tool as it is called: with arguments that nobody has looked at yet. */
export interface Tool {
  name: string;
  description: string;
  args: z.ZodRawShape;
  /**
   * Never rejects for arguments that do not fit, or for what the file system says: the model is told. Rejects when
   * `situation.signal` aborts.
   */
  run(args: unknown, situation: Situation): Promise<Outcome>;
}

/** Puts a declaration and what runs together. `run` is only called with arguments that fit the declaration. */
export const makeTool = <Shape extends z.ZodRawShape>(
  { name, description, args }: Declared<Shape>,
  run: (args: z.output<z.ZodObject<Shape>>, situation: Situation) => Promise<Outcome>,
): Tool => {
  const schema = z.object(args);
  return {
    name,
    description,
    args,
    run: async (given, situation) => {
      const parsed = schema.safeParse(withoutNulls(given));
      if (!parsed.success)
        return { kind: 'failed', text: `The arguments of ${name} do not fit:\n${z.prettifyError(parsed.error)}` };
      try {
        return await run(parsed.data, situation);
      } catch (error) {
        situation.signal.throwIfAborted();
        const text = sentenceOf(error);
        if (text === null) throw error;
        return { kind: 'failed', text };
      }
    },
  };
};

/** Some models write null for an argument that they leave out. */
const withoutNulls = (given: unknown): unknown =>
  typeof given === 'object' && given !== null && !Array.isArray(given)
    ? Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
    : given;
