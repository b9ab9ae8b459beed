// Whether the two existing apps work here unchanged (shared/api-contract.md). One running system for everything below,
// in this order: the first stories need it untouched, the last ones restart it.
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { recordFile } from './record/setting.ts';
import { clearStage, closeStage, expectSameOnReload, openStage } from './stage.ts';

beforeAll(openStage);
afterAll(closeStage);
// What a failed test leaves running would fail the next ones.
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await clearStage();
  else if (!recordFile) await expectSameOnReload();
});

const chapter = (title: string, load: () => Promise<unknown>): void => {
  describe(title, async () => {
    await load();
  });
};

if (recordFile) chapter('the record of the API', () => import('./record/record.ts'));
else {
  chapter('how the apps read', () => import('./stories/readers.ts'));
  chapter('first load', () => import('./stories/first-load.ts'));
  chapter('checklist, contract §16', () => import('./checklist.ts'));
  chapter('samples, contract §15', () => import('./samples.ts'));
  chapter('a mission in both apps', () => import('./stories/mission.ts'));
  chapter('waiting messages', () => import('./stories/queue.ts'));
  chapter('stopping, deleting, two tabs', () => import('./stories/stopping.ts'));
  chapter('answers that are none', () => import('./stories/odd-answers.ts'));
  chapter('questions, sub-agents, progress', () => import('./stories/agents.ts'));
  chapter('screens, contract §14', () => import('./stories/screens.ts'));
  chapter('files', () => import('./stories/files.ts'));
  chapter('monitoring', () => import('./stories/monitoring.ts'));
  chapter('routes', () => import('./routes/routes.ts'));
  chapter('the end of the checklist', () => import('./checklist-end.ts'));
  chapter('restarts', () => import('./stories/restart.ts'));
}
