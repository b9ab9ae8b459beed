// What one user may cost the others, and how large a frame may be.
import { expect } from 'vitest';
import { maxFrameBytes, maxMessageBytes } from '../../shared/limits.ts';
import { hello } from '../fuzz/from-host.ts';
import { heavyText, heavyUnits } from '../support/heavy-text.ts';
import type { EdgeCase } from './edge-cases.ts';

/** Twelve of the longest messages that can be sent are more than a frame may hold. */
export const longMessages: EdgeCase = async (edge) => {
  const person = await edge.person('ada');
  const content = heavyText(heavyUnits['control characters'], maxMessageBytes);
  for (let each = 0; each < 12; each += 1) await person.say(content);

  const host = await edge.dial();
  host.send(JSON.stringify(hello('r1')));
  await host.next('welcome');
  const taken = (): number =>
    host.frames.reduce((sum, each) => sum + (each.type === 'commands' ? each.commands.length : 0), 0);
  while (taken() < 12) await host.next('commands', host.frames.length);

  const largest = Math.max(...host.frames.map((frame) => Buffer.byteLength(JSON.stringify(frame))));
  expect(largest, 'bytes of a frame that its host refuses').toBeLessThanOrEqual(maxFrameBytes);
};

export const usedUpQuota: EdgeCase = async (edge) => {
  const person = await edge.person('ada');
  expect((await person.call('PUT', '/api/quotas/ada', { mission_waiting_messages: 1 })).status).toBe(200);
  const { mission } = await person.say('The first one waits for its server.');

  const second = await person.call('POST', '/api/control/message', { content: 'another', mission_id: mission });

  expect(second.status, 'a message for which there is no room').toBe(429);
};
