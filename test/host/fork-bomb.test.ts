import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unless } from '../support/needs.ts';
import { noTaskLimit, taskLimit } from '../support/task-limit.ts';

const bomb = join(import.meta.dirname, '..', 'support', 'bomb.ts');

test.skipIf(noTaskLimit).each([
  ['in one process group', ':(){ :|:& };:'],
  ['of sessions that leave their parents', 'export T=\'setsid bash -c "$T" & setsid bash -c "$T" &\'; bash -c "$T"'],
])(unless(noTaskLimit, 'a fork bomb %s is ended by cancelling its turn'), (_, line) => {
  const directory = mkdtempSync(join(tmpdir(), 'openagent-bomb-'));
  const limit = taskLimit(150);
  try {
    const [program = '', ...args] = limit.within([process.execPath, bomb, directory, '120', `${line}; sleep 1000`]);
    const said = execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

    expect(JSON.parse(said)).toEqual({ outcome: 'cancelled', left: 0 });
  } finally {
    limit.remove();
    rmSync(directory, { recursive: true });
  }
});
