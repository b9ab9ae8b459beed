// Cases of a suite, run by a vitest of their own, with bugs in what they test.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { packageRoot } from '../../host-agent/launcher/package-root.ts';
import { checkPlaces, type Planted } from './plant.ts';
import type { SuiteBug } from './suite-bugs.ts';

const report = z.object({
  testResults: z.array(
    z.object({
      assertionResults: z.array(
        z.object({ title: z.string(), status: z.string(), failureMessages: z.array(z.string()) }),
      ),
    }),
  ),
});

/** A case that was run: null, or why it failed. */
export interface CaseRun {
  title: string;
  failure: string | null;
}

/** Runs these cases; throws where vitest left no report. */
export const runCases = async (cases: readonly SuiteBug['seenBy'][], bugs: readonly Planted[]): Promise<CaseRun[]> => {
  const root = packageRoot();
  checkPlaces(root, bugs);
  const directory = mkdtempSync(join(tmpdir(), 'openagent-planted-'));
  const outputFile = join(directory, 'report.json');
  const titles = cases.map(({ title }) => title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const unique = (all: readonly string[]): string[] => [...new Set(all)];
  const given = [
    ...unique(cases.map(({ project }) => `--project=${project}`)),
    ...unique(cases.map(({ file }) => file)),
    ...['-t', titles.join('|'), '--reporter=json', `--outputFile=${outputFile}`],
  ];
  // What this vitest tells its own workers is not meant for another.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST') && name !== 'TEST');
  const planted = { PLANTED_BUGS: JSON.stringify(bugs), VITEST_FS_MODULE_CACHE: 'false' };
  const env = { ...Object.fromEntries(own), ...(bugs.length === 0 ? {} : planted) };
  try {
    const said = await new Promise<string>((resolve) => {
      const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
      execFile(process.execPath, [vitest, 'run', ...given], { cwd: root, env }, (_failed, out, errors) =>
        resolve(`${out}\n${errors}`),
      );
    });
    return read(outputFile, said);
  } finally {
    rmSync(directory, { recursive: true });
  }
};

const read = (outputFile: string, said: string): CaseRun[] => {
  let text: string;
  try {
    text = readFileSync(outputFile, 'utf8');
  } catch {
    throw new Error(`vitest left no report: ${said}`);
  }
  return report
    .parse(JSON.parse(text))
    .testResults.flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'passed' || status === 'failed')
    .map(({ title, status, failureMessages }) => ({
      title,
      failure: status === 'passed' ? null : failureMessages.join('\n'),
    }));
};
