// What a viewer has seen running calls print, read as a client would: what it has already is left out, a hole is
// marked.
import * as z from 'zod';
import type { StreamEvent } from './sse-reader.ts';

const piece = z.object({ mission_id: z.string(), tool_call_id: z.string(), off: z.number(), text: z.string() });
const snapshot = z.looseObject({ outputs: z.array(piece) });

/** Stands where something is missing. */
export const hole = '[hole]';

export const newPrintedView = () => {
  const calls = new Map<string, { mission: string; end: number; text: string }>();
  const add = ({ mission_id: mission, tool_call_id: call, off, text }: z.infer<typeof piece>): void => {
    const known = calls.get(call) ?? { mission, end: 0, text: '' };
    calls.set(call, known);
    if (off + text.length <= known.end) return;
    known.text += off > known.end ? hole + text : text.slice(known.end - off);
    known.end = off + text.length;
  };
  return {
    take: ({ name, data }: StreamEvent): void => {
      if (name === 'output') add(piece.parse(data));
      if (name === 'snapshot') for (const each of snapshot.parse(data).outputs) add(each);
    },
    /** All that calls of a mission were seen to print. */
    of: (mission: string): string =>
      [...calls.values()]
        .filter((each) => each.mission === mission)
        .map(({ text }) => text)
        .join(''),
  };
};
