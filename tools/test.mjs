/**
 * `openagent test`: lint, types and every test; arguments go to vitest. Its last lines name every test that was left
 * out, with the reason, then what failed outside tests; the very last is the line of counts. With CI=true only what
 * test/allowed-skips.json names may be left out.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../host-agent/launcher/bootstrap/run.mjs';
import { failuresOf, lint, tool } from './lint.mjs';
import { bootstrap, root } from './root.mjs';

// By its path: the host-agent's sources import nothing of the tests.
const { notAllowed, skipsOf } = await import(join(root, 'test', 'support', 'skips.ts'));

const given = process.argv.slice(2);

/** What needs the network and minutes of its own (`npm run test:install`) is not in here unless it is asked for. */
const projects = given.some((argument) => argument.startsWith('--project')) ? [] : ['--project=!install'];

/** Whoever asks for some tests by their titles knows that the others are left out. */
const isChosenByTitle = given.some((argument) => argument === '-t' || argument.startsWith('--testNamePattern'));

const runVitest = async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openagent-test-'));
  const report = join(directory, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const code = await tool('vitest', ['run', ...reporters, ...projects, ...given]);
  const counts = existsSync(report)
    ? count(JSON.parse(readFileSync(report, 'utf8')))
    : { passed: 0, failed: 0, skipped: 0, skips: [] };
  rmSync(directory, { recursive: true, force: true });
  // A file that can't be loaded and an error outside any test fail the run without failing a test.
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
};

/** Tests as vitest's JSON reporter counts them; a file without a single result failed as a whole. */
const count = (report) => ({
  passed: report.numPassedTests,
  failed: report.numFailedTests + report.testResults.filter(isBrokenFile).length,
  skipped: report.numPendingTests + report.numTodoTests,
  skips: isChosenByTitle ? [] : skipsOf(report, root),
});

const isBrokenFile = (file) => file.status === 'failed' && file.assertionResults.length === 0;

const buildDist = async () => (await run(process.execPath, [bootstrap, 'build'])) === 0;

const readAllowed = () => JSON.parse(readFileSync(join(root, 'test', 'allowed-skips.json'), 'utf8'));

const otherFailures = await failuresOf({ ...lint, 'build of dist/': buildDist });
const { passed, failed, skipped, skips } = await runVitest();
const forbidden = process.env.CI === 'true' ? notAllowed(skips, readAllowed()) : [];
for (const { name, reason } of skips) console.log(`SKIPPED ${name}: ${reason}`);
for (const { name } of forbidden)
  console.log(`FAILED  ${name}: left out, and test/allowed-skips.json doesn't allow it`);
for (const name of otherFailures) console.log(`FAILED  ${name}`);
const allFailed = failed + otherFailures.length + forbidden.length;
console.log(`${passed} passed, ${allFailed} failed, ${skipped} skipped`);
process.exitCode = allFailed === 0 ? 0 : 1;
