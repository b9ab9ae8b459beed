import { availableParallelism, totalmem } from 'node:os';

const gigabyte = 1024 ** 3;
/**
 * The system, edge, host-agent and OpenCode themselves. OpenCode is one process for all missions: 300 MB at rest, up to
 * 1.2 GB while many tool turns run (measured); a mission's directory in it costs 3–8 MB and does not count.
 */
const reservedBytes = 1.5 * gigabyte;
/** What a mission costs are its tools: a build, a test run, a language server. */
const missionBytes = gigabyte;
/** A tool keeps about a core busy while it runs, and an agent waits for its model for more than half of a turn. */
const missionsPerCore = 2;
/** One OpenCode streams for all of them; a machine that should carry more is one whose owner can say so. */
const mostByDefault = 32;

/**
 * How many missions a machine of this size works on at once where nobody said a number: as many as cores and memory
 * carry.
 */
export const slotsFor = (cores: number, memoryBytes: number): number => {
  const byMemory = Math.floor((memoryBytes - reservedBytes) / missionBytes);
  return Math.max(1, Math.min(cores * missionsPerCore, byMemory, mostByDefault));
};

/** The same for this machine, or for the share of it that a container was given. */
export const defaultSlots = (): number => {
  const limit = process.constrainedMemory();
  return slotsFor(availableParallelism(), limit > 0 ? Math.min(limit, totalmem()) : totalmem());
};
