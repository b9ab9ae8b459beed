import { expect, test } from 'vitest';
import { playStory } from './story.ts';

test('an afternoon: three missions, a question, a permission, a cancel, a restart, a resume, a file', async () => {
  const told = await playStory();

  expect(told).toMatch(/"type":"request.ended".*Blue/);
  expect(told).toMatch(/Leave the build alone/);
  expect(told).toMatch(/"status":"interrupted"/);
  expect(told).toMatch(/Now it is done\./);
  expect(told).toMatch(/tool_result.*Make it blue/);
});
