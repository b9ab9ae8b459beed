// What a start takes.
import { labConfig, startLab } from '../../support/lab.ts';
import { freshWorkingDir, launch } from '../../support/launched.ts';
import { atMost, type Report } from '../figures.ts';

const rounds = 3;

/** From the command to "ready", with everything installed and built. */
export const start = async (report: Report): Promise<void> => {
  const labBegun = performance.now();
  const lab = await startLab({ hands: 'none' });
  const openCodeMs = performance.now() - labBegun;
  const directory = freshWorkingDir();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now();
    const launched = launch(directory.path, {
      DASHBOARD_PASSWORD: 'correct horse battery',
      OPENCODE_CONFIG_CONTENT: labConfig(lab.model.url),
    });
    await launched.ready();
    times.push(performance.now() - begun);
    launched.kill('SIGTERM');
    await launched.ended;
  }
  await lab.close();
  directory.remove();
  const slowest = Math.max(...times);
  report({
    name: 'start to ready once installed, slowest of three',
    value: slowest / 1000,
    unit: 's',
    baseline: { name: 's OpenCode alone', value: openCodeMs / 1000 },
    aim: atMost(slowest / 1000, 5, 's'),
  });
};
