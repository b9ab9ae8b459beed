// Computes without end, to keep a core busy; ends by itself when whoever started it has ended.
const parent = process.ppid;

/** About 50 ms between two looks. */
const steps = 10_000_000;

let value = 0;
while (process.ppid === parent) for (let step = 0; step < steps; step++) value = (value * 31 + step) | 0;
