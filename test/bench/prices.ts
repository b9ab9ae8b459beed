// What Cloudflare's Paid plan charges beyond what is included (edge §2.1, §2.4, §2.5), in dollars. Nothing included is
// deducted.
import type { Metered } from './metered.ts';

const million = 1e6;
const perWorkerRequest = 0.3 / million;
const perObjectRequest = 0.15 / million;
/** Incoming WebSocket messages that are billed as one request. */
const framesPerRequest = 20;
const perGigabyteSecond = 12.5 / million;
/** An object is always billed as this large. */
const objectGigabytes = 0.128;
const perRowWritten = 1 / million;
const perRowRead = 0.001 / million;
const perCpuMs = 0.02 / million;

/** Messages the runtime answers itself; they cost no duration, and count as incoming here to be on the safe side. */
export interface Pings {
  count: number;
}

const sum = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

export const rowsWritten = (metered: Metered): number => sum(metered.rowsWritten);

/** Billed requests of the objects: calls, and incoming messages twenty to one. */
export const objectRequests = (metered: Metered, pings: Pings): number =>
  sum(metered.calls) + (metered.frames + pings.count) / framesPerRequest;

/** Dollars by what they are paid for. `cpuMs`: of all of workerd, which is more than the Worker's own. */
export const bill = (metered: Metered, pings: Pings, cpuMs: number) => {
  const lines = {
    'Worker requests': sum(metered.requests) * perWorkerRequest,
    'object requests and frames': objectRequests(metered, pings) * perObjectRequest,
    'object duration': (metered.activeMs / 1000) * objectGigabytes * perGigabyteSecond,
    'rows written': (rowsWritten(metered) + metered.d1RowsWritten) * perRowWritten,
    'rows read': (metered.rowsRead + metered.d1RowsRead) * perRowRead,
    CPU: cpuMs * perCpuMs,
  };
  return { lines, total: sum(lines) };
};
