// Contract §16: the row that takes the whole suite, and the exact list of rows that are told elsewhere or not yet.
import { expect, test, vi } from 'vitest';
import { listening } from './listening.ts';
import { refusalOf } from './routes/socket.ts';
import { row, told } from './rows.ts';
import { me, token } from './stage.ts';

row(
  4,
  'the stream begins with a status and a comment, in LF and ASCII, and says that it is alive while nothing happens',
  async () => {
    const { pieces, close } = await listening();
    const text = () => pieces.join('');
    const comments = () => text().split(': keepalive\n\n').length - 1;
    // That it is every 15 seconds is told with a clock that is no real one (test/edge/stream-bridge.test.ts).
    await vi.waitFor(() => expect(comments()).toBeGreaterThan(1));
    await close();

    expect(text()).toMatch(/^event: status\ndata: \{[^\n]*\}\n\n: keepalive\n\n/);
    expect(text()).not.toContain('\r');
    expect(text()).toMatch(/^[\n\x20-\x7e]*$/);
  },
);

/** Rows told elsewhere: by which stories and cases. */
const elsewhere: Record<number, string> = {
  10: 'stories/mission.ts: a reload in mid-turn',
  16: 'stories/files.ts: the host half',
  20: 'stories/restart.ts',
  21: 'stories/stopping.ts: two missions at once',
};

/** Whether a feature is not there: its routes say so, as `routes/` asserts of each. */
const isAbsent = async (method: string, path: string, body?: unknown): Promise<boolean> => {
  const headers = { 'x-openagent-library-remote': 'https://example.org/library.git' };
  return (await me().call(method, path, body, headers)).status === 503;
};

/**
 * Rows of features that are not there. Once one of these is false, the feature has come and its row needs a test above.
 */
const notYet: Record<number, () => Promise<boolean>> = {
  13: () => isAbsent('GET', '/api/library/status'),
  14: () => isAbsent('GET', '/api/library/skills/any/references/any.md'),
  15: () => isAbsent('POST', '/api/secrets/unlock', { passphrase: 'wrong' }),
  // Uploads are there; 5 GiB of one take longer than this suite may.
  17: async () => true,
  18: async () => (await refusalOf('/api/console/ws', ['openagent', `jwt.${token()}`]))[0] === 503,
  19: async () => (await me().call('GET', '/api/desktop/sessions')).json.sessions.length === 0,
};

test('the rows that are not covered yet are 13, 14, 15, 17, 18, 19 and the container half of 16', async () => {
  const all = Array.from({ length: 22 }, (_, n) => n + 1);
  const covered = [...told, ...Object.keys(elsewhere).map(Number)];

  expect(all.filter((number) => !covered.includes(number))).toEqual([13, 14, 15, 17, 18, 19]);
  for (const [number, isStillAbsent] of Object.entries(notYet))
    expect(await isStillAbsent(), `row ${number} has come`).toBe(true);
  const workspaces: { workspace_type: string }[] = (await me().call('GET', '/api/workspaces')).json;
  expect(
    workspaces.every(({ workspace_type }) => workspace_type === 'host'),
    'containers have come: the other half of row 16',
  ).toBe(true);
});
