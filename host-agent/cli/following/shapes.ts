/**
 * What the commands read of the stream's events. It is less than shared/events.ts has, and without its limits, on
 * purpose: the edge may be of another version, and an event that says more than this one knows is no reason to stop.
 */
import * as z from 'zod';
import { askKind, askOutcome, missionStatus, outcome, usage } from '../../../shared/events.ts';

/** Of rows of the log: their mission. Rows of the server itself have none. */
const ofMission = { mission_id: z.string().nullish() };
const growth = { ...ofMission, part: z.string(), off: z.number(), text: z.string() };
const openPart = z.object({
  part: z.string(),
  mission_id: z.string(),
  turn: z.string(),
  kind: z.enum(['text', 'reasoning']),
  parent_call: z.string().optional(),
  text: z.string(),
});
const printed = { ...ofMission, tool_call_id: z.string(), off: z.number(), text: z.string() };
const ask = { ...ofMission, kind: askKind, body: z.unknown() };

/** By name of the event. */
export const shapes = {
  connected: z.looseObject({}),
  reset: z.looseObject({}),
  snapshot: z.object({
    running: z.array(z.object({ mission_id: z.string(), state: z.string(), queue_len: z.number() })),
    parts: z.array(openPart),
    /** What running calls have printed, its end; absent: an older edge. */
    outputs: z.array(z.object(printed)).default([]),
    requests: z.array(z.object({ ...ask, id: z.string() })),
  }),
  status: z.object({ mission_id: z.string().optional(), state: z.string(), queue_len: z.number() }),
  delta: z.object(growth),
  output: z.object(printed),
  'message.kept': z.object({ ...ofMission, command: z.string(), content: z.string(), queued: z.boolean() }),
  'message.edited': z.object({ ...ofMission, command: z.string(), content: z.string() }),
  'message.removed': z.object({ ...ofMission, command: z.string() }),
  'turn.started': z.object({
    ...ofMission,
    command: z.string(),
    turn: z.string(),
    agent: z.string().nullable(),
    model: z.string().nullable(),
  }),
  'part.opened': openPart.omit({ text: true, mission_id: true }).extend(ofMission),
  'part.checkpoint': z.object({ ...growth, replace: z.boolean().optional() }),
  'part.closed': z.object(growth),
  'tool.called': z.object({
    ...ofMission,
    turn: z.string(),
    tool_call_id: z.string(),
    name: z.string(),
    args: z.unknown(),
    parent_call: z.string().optional(),
  }),
  'tool.result': z.object({
    ...ofMission,
    tool_call_id: z.string(),
    name: z.string(),
    result: z.unknown(),
    failed: z.boolean(),
  }),
  'request.asked': z.object({ ...ask, request: z.string() }),
  'request.ended': z.object({ ...ofMission, request: z.string(), outcome: askOutcome }),
  'turn.error': z.object({ ...ofMission, turn: z.string(), message: z.string() }),
  'turn.ended': z.object({
    ...ofMission,
    command: z.string(),
    turn: z.string(),
    outcome,
    blocked: z.boolean().optional(),
    answer: z.array(z.string()),
    text: z.string(),
    model: z.string().nullable(),
    usage,
  }),
  'command.finished': z.object({
    ...ofMission,
    command: z.string(),
    outcome: z.enum(['finished', 'failed', 'cancelled', 'expired']),
    text: z.string(),
    of: askKind.optional(),
  }),
  'command.lost': z.object({ ...ofMission, command: z.string(), text: z.string() }),
  'mission.status': z.object({ ...ofMission, status: missionStatus, summary: z.string().nullable() }),
  'mission.deleted': z.object(ofMission),
};

type Shapes = typeof shapes;
export type Read = { [Name in keyof Shapes]: { type: Name } & z.infer<Shapes[Name]> }[keyof Shapes];

const isKnown = (name: string): name is keyof Shapes => Object.hasOwn(shapes, name);

/**
 * An event as the commands know it; null for one that they have no use for. Throws on one that is not as its name says.
 */
export const readEvent = ({ name, data }: { name: string; data: string }): Read | null => {
  if (!isKnown(name)) return null;
  const parsed = shapes[name].safeParse(JSON.parse(data));
  if (!parsed.success) throw new Error(`The edge sent an event "${name}" that this version of openagent can't read.`);
  return named(name, parsed.data);
};

/** The compiler can't follow a name to its shape through a table; both come from the same line of it. */
const named = (name: keyof Shapes, content: object): Read => ({ type: name, ...content }) as Read;
