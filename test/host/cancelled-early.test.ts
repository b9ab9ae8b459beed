// A cancel that comes while OpenCode still sets up the directory for the first message: what it was setting up then
// stays broken, and the messages that follow have to be answered all the same.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { outcomeOf } from '../../shared/events.ts';
import { temporaryDirectory } from '../support/host-store.ts';
import { startLab } from '../support/lab.ts';
import { answerOf, optionsFor, say, startHost } from '../support/mission-lab.ts';
import { patience } from '../support/patience.ts';

test('a message behind one that was cancelled while its tools were connected is answered', async () => {
  const starts = join(temporaryDirectory(), 'starts');
  const server = join(import.meta.dirname, '../support/slow-mcp.ts');
  const command = [process.execPath, '--no-warnings', server, starts];
  const lab = await startLab({ config: { mcp: { slow: { type: 'local', command } } } });
  onTestFinished(() => lab.close());
  const host = startHost(optionsFor(lab.openCode));
  host.dispatch.welcome();

  const first = say('SAY Never asked.');
  host.give(first);
  await vi.waitFor(() => expect(existsSync(starts)).toBe(true), patience);
  host.cancel(first);
  expect(outcomeOf(await host.ended(first.id))).toBe('cancelled');

  const second = say('SAY Hello again.', { mission: first.mission });
  host.give(second);
  const ended = await host.ended(second.id);
  expect(ended).toMatchObject({ outcome: 'completed' });
  expect(answerOf(host, first.mission, ended.answer)).toBe('Hello again.');
  expect(lab.model.requests.map(({ userText }) => userText)).toEqual(['SAY Hello again.']);
});
