/**
 * What the thief has got, attempt by attempt, as lines of JSON. It looks for secrets that it is told backwards, so that
 * what it was told is never taken for what it found.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * @param {{ secrets: { name: string, backwards: string }[] }} plan
 * @param {string} file that gets a line for each attempt
 */
export const openLoot = ({ secrets }, file) => {
  const wanted = secrets.map(({ name, backwards }) => ({ name, value: [...backwards].reverse().join('') }));
  /** Secrets it has, by name: later attempts use them, and those of another process. */
  const kept = join(dirname(file), 'known.json');
  const known = existsSync(kept) ? JSON.parse(readFileSync(kept, 'utf8')) : {};
  let line = { attempt: '', tried: 0, got: [] };
  const take = (what, at) => {
    if (!line.got.some((one) => one.what === what && one.at === at)) line.got.push({ what, at });
  };
  return {
    known,
    begin: (attempt) => {
      line = { attempt, tried: 0, got: [] };
    },
    /** Something was really tried, whatever came of it. */
    tried: (count = 1) => {
      line.tried += count;
    },
    /** It has something that it should not have. */
    take,
    /** Looks for secrets in what it could read. */
    look: (bytes, at) => {
      for (const { name, value } of wanted) {
        if (!bytes.includes(value)) continue;
        known[name] = value;
        take(name, at);
      }
    },
    /** It did not come to its end: a thief that stumbles has tried nothing, which the test must see. */
    failed: (error) => {
      line.failed = error instanceof Error ? (error.stack ?? error.message) : String(error);
    },
    end: () => {
      appendFileSync(file, `${JSON.stringify(line)}\n`);
      writeFileSync(kept, JSON.stringify(known));
    },
  };
};
