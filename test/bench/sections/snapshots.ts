// What the border of a turn takes on a tree of 10,000 files of which ten have changed, beside `git status` of the same.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../host-agent/launcher/package-root.ts';
import { startHandsProcess } from '../../support/hands-process.ts';
import { atMost, type Report } from '../figures.ts';
import { spreadOf } from '../spread.ts';

/** Of a border, with the way to the actor and back. */
const aimMs = 30;
const [folders, filesOfEach, changed] = [500, 20, 10];

export const snapshots = async (report: Report, quick: boolean): Promise<void> => {
  const running = await startHandsProcess({ program: join(packageRoot(), 'dist', 'openagent.js') });
  try {
    const directory = await running.mission('mission');
    const pathOf = (number: number): string => {
      const folder = number % folders;
      return join(directory, `part-${folder % 20}`, `folder-${folder}`, `file-${number}.txt`);
    };
    for (let number = 0; number < folders * filesOfEach; number++) {
      mkdirSync(join(pathOf(number), '..'), { recursive: true });
      writeFileSync(pathOf(number), `${number} has some text in it.\n`.repeat(40));
    }
    const git = (...args: string[]) => execFileSync('git', args, { cwd: directory, stdio: 'ignore' });
    git('init', '-q');
    git('add', '.');
    git('-c', 'user.name=bench', '-c', 'user.email=bench@example.com', 'commit', '-qm', 'all');

    let turns = 0;
    const border = async (): Promise<number> => {
      const begunMs = performance.now();
      const answer = await running.control.snapshots('mission', { verb: 'end', turn: `turn-${turns++}` });
      if (!answer.ok) throw new Error(answer.text);
      return performance.now() - begunMs;
    };
    const first = await border();
    report({ name: 'first border of 10,000 files', value: first, unit: 'ms', baseline: null, aim: null });
    await border();

    const [ours, theirs, none]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < (quick ? 10 : 50); round++) {
      for (let number = 0; number < changed; number++)
        writeFileSync(
          pathOf((round * 977 + number * 1_009) % (folders * filesOfEach)),
          `round ${round} of ${number}\n`,
        );
      const begunMs = performance.now();
      git('status', '--porcelain');
      theirs.push(performance.now() - begunMs);
      ours.push(await border());
      none.push(await border());
    }
    const [border10, status, border0] = [spreadOf(ours), spreadOf(theirs), spreadOf(none)];
    for (const at of ['p50', 'p99'] as const)
      report({
        name: `border of a turn, 10 of 10,000 files changed, ${at}`,
        value: border10[at],
        unit: 'ms',
        baseline: { name: `ms git status ${at}`, value: status[at] },
        aim: at === 'p50' ? atMost(border10.p50, aimMs, 'ms') : null,
      });
    report({
      name: 'border of a turn, nothing changed, p50',
      value: border0.p50,
      unit: 'ms',
      baseline: { name: 'ms git status p50', value: status.p50 },
      aim: null,
    });
    rmSync(directory, { recursive: true });
  } finally {
    await running.close();
  }
};
