/** Wall-clock milliseconds. For display and records only: order and waiting never depend on it (protocol §9, clock jumps). */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();
