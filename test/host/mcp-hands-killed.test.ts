// Hands that are killed while an MCP server works for an agent.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startHandsProcess } from '../support/hands-process.ts';
import { startLab } from '../support/lab.ts';
import { localEntry } from '../support/mcp-client.ts';
import { optionsFor, say, startHost } from '../support/mission-lab.ts';
import { patience } from '../support/patience.ts';
import { processesWith, uniqueSeconds } from '../support/processes.ts';

test('the agent is told that it is not known how far a call came, it is not made twice, and the next hands go on', async () => {
  const mark = `mark:${uniqueSeconds()}`;
  const lab = await startLab({ config: { mcp: { own: localEntry(mark) } } });
  onTestFinished(() => lab.close());
  const host = startHost(optionsFor(lab.openCode));
  const wait = `TOOL own_wait ${JSON.stringify({ file: 'notes' })}`;
  const command = say(`${wait}\nTOOL own_say {"text":"again"}\nSAY Over.`);
  host.give(command);
  host.dispatch.welcome();
  const notes = () => readFileSync(join(host.store.missions.get(command.mission)?.directory ?? '', 'notes'), 'utf8');
  await vi.waitFor(() => expect(notes()).toBe('began\n'), patience);

  await lab.hands?.kill();
  const next = await startHandsProcess({ state: lab.dir });
  onTestFinished(next.close);

  expect((await host.ended(command.id)).outcome).toBe('completed');
  expect(host.events(command.mission).filter((event) => event.type === 'tool.result')).toMatchObject([
    { name: 'own_wait', failed: true, result: { error: expect.stringContaining('not known how far the call came') } },
    { name: 'own_say', failed: false, result: 'say says again' },
  ]);
  expect(notes().match(/began/g)).toHaveLength(1);
  expect(processesWith(mark)).toHaveLength(1);
});
