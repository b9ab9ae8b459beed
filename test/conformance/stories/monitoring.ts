// The socket of the overview page (contract §7.1, §7.3).
import { expect, test } from 'vitest';
import * as z from 'zod';
import { monitoringSample } from '../contract/general.ts';
import { dialSocket, refusalOf } from '../routes/socket.ts';

test('the overview page gets samples of the server, over a socket of the protocol openagent', async () => {
  const path = '/api/monitoring/ws?interval_ms=1000';
  expect(await refusalOf(path, ['openagent', 'jwt.a.b.c'])).toEqual([401, 'Invalid or expired token']);
  const { protocol, received } = await dialSocket(path);
  const frames = (await received(2)).map((text): unknown => JSON.parse(text));

  expect(protocol).toBe('openagent');
  const history = z.strictObject({ type: z.literal('history'), history: z.array(monitoringSample).min(1).max(60) });
  const samples = history.safeParse(frames[0]).success ? frames.slice(1) : frames;
  expect(samples.length).toBeGreaterThan(0);
  // Of the host-agent of this suite, which began later than the suite's process.
  for (const sample of samples)
    expect(monitoringSample.parse(sample).timestamp_ms).toBeGreaterThan(performance.timeOrigin);
});
