// The tests that a run has left out: which, why, and whether that may be.
import { relative } from 'node:path';
import * as z from 'zod';

/** `name` is `file > group > title`. */
export interface Skip {
  name: string;
  reason: string;
}

/** What is read of the report that vitest's JSON reporter writes. */
const reportFile = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(
        z.object({ ancestorTitles: z.array(z.string()), title: z.string(), status: z.string() }),
      ),
    }),
  ),
});

const skipList = z.array(z.strictObject({ name: z.string(), reason: z.string().min(1) }));

/** How a title ends whose test can't be run on this machine (`unless` in needs.ts). */
const notTried = / \(not tried: ([^)]*)\)/;

const ran = new Set(['passed', 'failed']);

/** Every test of a parsed report that did not run; files are named relative to `root`. */
export const skipsOf = (report: unknown, root: string): Skip[] =>
  reportFile.parse(report).testResults.flatMap(({ name: file, status: ofFile, assertionResults }) =>
    assertionResults
      .filter(({ status }) => !ran.has(status))
      .map(({ ancestorTitles, title }) => {
        const full = [relative(root, file), ...ancestorTitles, title].join(' > ');
        const otherwise = ofFile === 'failed' ? 'its file failed before it' : 'no reason is given';
        return { name: full.replace(notTried, ''), reason: notTried.exec(full)?.[1] ?? otherwise };
      }),
  );

/** Those that the parsed list of test/allowed-skips.json doesn't name. */
export const notAllowed = (skips: readonly Skip[], allowed: unknown): Skip[] => {
  const names = new Set(skipList.parse(allowed).map(({ name }) => name));
  return skips.filter(({ name }) => !names.has(name));
};
