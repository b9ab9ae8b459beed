// What every case of the fault laboratory does: run a mission, watch it, and compare afterwards.
import { expect, vi } from 'vitest';
import {
  expectAskedOnce,
  expectPrefixOfModel,
  expectSameAsModel,
  expectSameAsOpenCode,
  modelRecord,
  type StoredEvent,
  storedEvents,
} from '../support/comparison.ts';
import type { ModelRequest } from '../support/model.ts';
import { patience } from '../support/patience.ts';
import type { Person } from '../support/person.ts';
import type { ResumingViewer } from '../support/resuming-viewer.ts';
import type { Laboratory } from './laboratory.ts';

/** Everything that is polled: states that no event tells a test. */
export const soon = patience;

/** Model calls of messages that hold `marker`, in order. */
export const callsOf = (lab: Laboratory, marker: string): ModelRequest[] =>
  lab.model.requests.filter(({ userText }) => userText.includes(marker));

/** The log equals the model's record and OpenCode's history, each step was asked once, nobody died. */
export const expectWhole = async (
  lab: Laboratory,
  me: Person,
  mission: string,
  marker: string,
): Promise<StoredEvent[]> => {
  const events = await storedEvents(me, mission);
  const calls = callsOf(lab, marker);
  expectSameAsModel(events, modelRecord(calls));
  expectSameAsOpenCode(events, await lab.openCodeHistory(mission));
  expectAskedOnce(calls);
  expect(lab.crashes).toEqual([]);
  return events;
};

/** The log is a beginning of the model's record with at least OpenCode's stored state; no step was asked twice. */
export const expectPrefix = async (lab: Laboratory, me: Person, mission: string, marker: string): Promise<void> => {
  const calls = callsOf(lab, marker);
  expectPrefixOfModel(await storedEvents(me, mission), modelRecord(calls), await lab.openCodeHistory(mission));
  expectAskedOnce(calls);
  expect(lab.crashes).toEqual([]);
};

/** The viewer was shown each stored event since its snapshot once, in order, and has the same texts. */
export const expectSeen = (viewer: ResumingViewer, mission: string, events: readonly StoredEvent[]): void => {
  const seen = viewer.rows.filter(({ data }) => data.mission_id === mission).map(({ data }) => Number(data.seq));
  expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => a - b));
  const due = events.filter(({ id }) => id > viewer.from());
  expect(seen).toEqual(expect.arrayContaining(due.map(({ id }) => id)));
  const own = viewer.rows.filter(({ name, data }) => name === 'part.opened' && data.mission_id === mission);
  const texts = own.map(({ data }) => viewer.texts.get(String(data.part)) ?? '');
  expect(texts).toEqual(due.filter(({ event_type }) => event_type === 'thinking').map(({ content }) => content));
};

/** Mission, list, directory and running list say the same, and OpenCode does nothing for it. */
export const expectAgreed = async (lab: Laboratory, me: Person, mission: string, status: string): Promise<void> => {
  await vi.waitFor(async () => {
    expect((await me.call('GET', `/api/control/missions/${mission}`)).json.status).toBe(status);
    const running = (await me.call('GET', '/api/control/running')).json;
    expect(running.map((entry: { mission_id: string }) => entry.mission_id)).not.toContain(mission);
    const listed = (await me.call('GET', '/api/control/missions')).json;
    expect(listed.find(({ id }: { id: string }) => id === mission).status).toBe(status);
    const directory = encodeURIComponent(lab.missionDirectory(mission));
    expect(await lab.openCodeCalls().call('GET', `/session/status?directory=${directory}`)).toEqual({});
  }, soon);
};

/** Resolves with the host-agent's log line of an event that belongs to the mission. */
export const hostSaid = (lab: Laboratory, event: string, mission: string): Promise<void> =>
  vi.waitFor(() => {
    const lines = lab.logs('host-agent').split('\n');
    expect(lines.some((line) => line.includes(`"event":"${event}"`) && line.includes(mission))).toBe(true);
  }, soon);
