// How long anything in the tests may take before it is called a hang. Every wait takes its limit from here, and nothing
// but a hang reaches one: no test passes or fails by how fast the machine is. Works in Node and in workerd.
import process from 'node:process';

/** For a program that waits without having measured, such as one that a person starts by hand. */
const unmeasured = 4;

/** How often slower than the reference this machine was at the start of the run, at least 1 (`calibrated.ts`). */
const slowness = Number(process.env.TEST_SLOWNESS ?? unmeasured);
if (!(slowness >= 1)) throw new Error(`TEST_SLOWNESS takes a number from 1 on, not "${process.env.TEST_SLOWNESS}"`);

/**
 * A time of the product that a test shortens, such as the silence after which a link is dead: so much on the reference,
 * and more where everything takes longer, so that what lives is not taken for dead.
 */
export const scaledMs = (ms: number): number => Math.round(ms * slowness);

const seconds = (count: number): number => scaledMs(count * 1000);

/**
 * One event of a system that runs: an answer, a row, a line in a log, a process that is gone. The slowest that was seen
 * on the reference, a cold OpenCode beside two test files, took 4 s.
 */
export const eventMs = seconds(60);

/** For `vi.waitFor` on a state that no event tells; without options it has the same limit (`setup.ts`). */
export const patience = { timeout: eventMs, interval: 25 };

/**
 * A whole test, or a hook, of each layer: ten times and more what the longest took on the reference, and longer than
 * the waits in it, so that a wait in vain ends first and says for what.
 */
export const layerMs = {
  /** Computing, and now and then a shell. */
  pure: seconds(120),
  edge: seconds(180),
  protocol: seconds(180),
  /** Some start OpenCode several times. */
  host: seconds(300),
  /** A few turns of a system that runs already; its hooks start it. */
  conformance: seconds(300),
  /** Attacks in a loop; a longer run (`npm run fuzz`) adds for what it adds. */
  fuzz: seconds(300),
  /** One system, and a visit of a few minutes in it. */
  thief: seconds(600),
  /** Two builds and two systems in each. */
  planted: seconds(300),
  /** The whole system, started, killed and started again. */
  e2e: seconds(600),
  faults: seconds(600),
  /** Three rounds, each of a few dozen faults. */
  chaos: seconds(900),
  /** Short; each thing more of a longer run (`npm run soak`) adds its own. */
  soak: seconds(600),
  /** A machine that is made, booted and set up over the network. */
  install: seconds(1200),
} as const;
