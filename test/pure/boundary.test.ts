// How agents are kept apart, by who started Open Agent, what the machine can do and AGENT_USER.
import { expect, test } from 'vitest';
import { boundaryOf } from '../../host-agent/launcher/state/boundary.ts';

const able = { setpriv: true, pidNamespace: true };
const unable = { setpriv: true, pidNamespace: false };
const deploy = { name: 'deploy', uid: 1001, gid: 1001, home: '/home/deploy' };
const root = { name: 'root', uid: 0, gid: 0, home: '/root' };

test('as root agents have users of their own, or are the one that AGENT_USER names, with the home of AGENT_HOME', () => {
  expect(boundaryOf({ environment: {} }, able, true)).toEqual({ kind: 'places', user: null });
  expect(boundaryOf({ environment: {}, agentUser: deploy }, able, true)).toEqual({ kind: 'places', user: deploy });
  expect(boundaryOf({ environment: { AGENT_HOME: '/srv/home' }, agentUser: deploy }, able, true)).toEqual({
    kind: 'places',
    user: { ...deploy, home: '/srv/home' },
  });
});

test.each([
  ['AGENT_USER=root', { agentUser: root }, able, true, /AGENT_USER=root: agents run as root/],
  ['without root', {}, able, false, /Agents run as the user that Open Agent runs as.*As root/],
  ['without namespaces', {}, unable, true, /Agents run as root.*missing here/],
])('%s keeps agents from nothing, and that is said in one line', (_, more, means, isRoot, said) => {
  const boundary = boundaryOf({ environment: {}, ...more }, means, isRoot);

  expect(boundary).toEqual({ kind: 'none', why: expect.stringMatching(said) });
  expect(JSON.stringify(boundary)).not.toContain('\\n');
});

test('a user of AGENT_USER whom this machine can make no place for stops the start, which says what to do', () => {
  expect(() => boundaryOf({ environment: {}, agentUser: deploy }, unable, true)).toThrow(
    /AGENT_USER is "deploy".*namespaces.*AGENT_USER=root/,
  );
});
