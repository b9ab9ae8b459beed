import * as z from 'zod';

const byName = z.record(z.string(), z.number());

/** What the meter inside workerd counted since it was last read. */
export const metered = z.object({
  /** Requests to the Worker, by path with ids left out. */
  requests: byName,
  /** Calls to objects: `fetch`, RPC by name, `alarm`. Each is a billed request. */
  calls: byName,
  /** Incoming WebSocket messages that woke an object; pings are answered by the runtime and are not among them. */
  frames: z.number(),
  /** Object rows written, by table; an index entry is a row, as in the bill. */
  rowsWritten: byName,
  rowsRead: z.number(),
  d1Queries: z.number(),
  d1RowsWritten: z.number(),
  d1RowsRead: z.number(),
  /** Milliseconds in which an object had a handler running or waiting for input or output. */
  activeMs: z.number(),
  /** Constructions of objects. */
  constructed: z.number(),
});
export type Metered = z.infer<typeof metered>;
