import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MissionId } from '../../shared/ids.ts';
import { newMissionId } from '../support/host-store.ts';
import { startLab } from '../support/lab.ts';
import type { MissionHost } from '../support/mission-host.ts';
import { answerOf, optionsFor, say, startHost } from '../support/mission-lab.ts';

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab.close());

/** A host whose mission has had its first turn. */
const afterFirst = async () => {
  const host = startHost(optionsFor(lab.openCode));
  const mission = newMissionId();
  const first = say('SAY First.', { mission });
  host.give(first);
  host.dispatch.welcome();
  expect((await host.ended(first.id)).outcome).toBe('completed');
  return { host, mission };
};

const sessionOf = (host: MissionHost, mission: MissionId): string => host.store.missions.get(mission)?.session ?? '';

/** What is asked of OpenCode about a mission's session before the next prompt. */
const recordQuestions = ({ client }: MissionHost): string[] => {
  const asked: string[] = [];
  const { getSession, status, promptAsync } = client;
  let isSent = false;
  const note = (what: string): void => {
    if (!isSent) asked.push(what);
  };
  client.getSession = (...args) => {
    note('session');
    return getSession(...args);
  };
  client.status = (...args) => {
    note('status');
    return status(...args);
  };
  client.promptAsync = (...args) => {
    isSent = true;
    return promptAsync(...args);
  };
  return asked;
};

const sayNext = async (host: MissionHost, mission: MissionId) => {
  const next = say('SAY Next.', { mission });
  host.give(next);
  const ended = await host.ended(next.id);
  expect(ended.outcome).toBe('completed');
  expect(answerOf(host, mission, ended.answer)).toBe('Next.');
};

test('the next message of a mission asks nothing that the turn before has shown', async () => {
  const { host, mission } = await afterFirst();
  const session = sessionOf(host, mission);
  const asked = recordQuestions(host);

  await sayNext(host, mission);

  expect(asked).toEqual([]);
  expect(sessionOf(host, mission)).toBe(session);
});

test('what somebody else began in the session meanwhile is seen, and stopped before the message', async () => {
  const { host, mission } = await afterFirst();
  await lab.prompt(sessionOf(host, mission), 'WAIT foreign\nSAY Foreign.');
  await lab.model.reached('foreign');

  await sayNext(host, mission);

  expect(host.lines.join('')).toContain('turn.orphan_stopped');
  lab.model.release('foreign');
});

test('a session that was deleted meanwhile is not used again', async () => {
  const { host, mission } = await afterFirst();
  const session = sessionOf(host, mission);
  await lab.call('DELETE', `/session/${session}`);

  await sayNext(host, mission);

  expect(sessionOf(host, mission)).not.toBe(session);
});

test('a turn that was cancelled shows nothing: its session is looked at again', async () => {
  const { host, mission } = await afterFirst();
  const stopped = say('WAIT stopped', { mission });
  host.give(stopped);
  await lab.model.reached('stopped');
  host.cancel(stopped);
  expect((await host.ended(stopped.id)).outcome).toBe('cancelled');
  const asked = recordQuestions(host);

  await sayNext(host, mission);

  expect(asked).toEqual(['session', 'status']);
  lab.model.release('stopped');
});
