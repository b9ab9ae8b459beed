// What turns changed in files, and taking it back (docs/api.md).
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { changesOfMission, changesOfStep, diffOfStep, undone } from '../../../shared/changes.ts';
import { me } from '../stage.ts';
import type { RouteCase } from './case.ts';
import { finished, newMission, sayAndWait } from './fixtures.ts';

const unknown = randomUUID();
const at = (id: string, tail: string): string => `/api/control/missions/${id}${tail}`;
const notFound = { status: 404, says: `Mission ${unknown} not found` };
const route = '/api/control/missions/:id';

/** The only turn of a mission. */
const turnOf = async (mission: string): Promise<string> => {
  const { steps } = changesOfMission.parse((await me().call('GET', at(mission, '/changes'))).json);
  return steps.at(-1)?.id ?? 'no step';
};
const ofTurn = async (tail: string) => {
  const mission = await finished();
  return { path: at(mission, `/turns/${await turnOf(mission)}${tail}`) };
};

export const changeCases: RouteCase[] = [
  {
    route: `GET ${route}/changes`,
    good: [
      {
        send: async () => ({ path: at(await finished(), '/changes') }),
        is: changesOfMission,
        and: ({ files, steps }) => {
          expect(files).toMatchObject([{ path: 'a.txt', change: 'added', added: 1, removed: 0 }]);
          expect(steps).toMatchObject([{ kind: 'turn', files: 1, undone: false }]);
        },
      },
      {
        send: async () => ({ path: at(await newMission('Never ran'), '/changes') }),
        is: changesOfMission,
        and: (answer) => expect(answer).toMatchObject({ steps: [], files: [] }),
      },
    ],
    bad: [
      { send: { path: at(unknown, '/changes') }, ...notFound },
      { send: async () => ({ path: at(await finished(), '/changes?limit=501') }), status: 400, says: /limit/ },
    ],
  },
  {
    route: `GET ${route}/turns/:turn/changes`,
    params: { turn: 'any' },
    good: [
      {
        send: () => ofTurn('/changes'),
        is: changesOfStep,
        and: ({ files }) => expect(files).toMatchObject([{ path: 'a.txt', change: 'added' }]),
      },
    ],
    bad: [
      { send: { path: at(unknown, '/turns/any/changes') }, ...notFound },
      {
        send: async () => ({ path: at(await finished(), '/turns/nothing/changes') }),
        status: 404,
        says: /^Nothing is kept of a turn nothing of this mission/,
      },
    ],
  },
  {
    route: `GET ${route}/diff`,
    good: [
      {
        send: async () => ({ path: at(await finished(), '/diff?path=a.txt') }),
        is: diffOfStep,
        and: ({ files }) => expect(files).toMatchObject([{ path: 'a.txt', diff: expect.stringContaining('+a') }]),
      },
    ],
    bad: [
      { send: { path: at(unknown, '/diff') }, ...notFound },
      {
        send: async () => ({ path: at(await finished(), '/diff?path=b.txt') }),
        status: 404,
        says: 'Nothing changed in b.txt.',
      },
    ],
  },
  {
    route: `GET ${route}/turns/:turn/diff`,
    params: { turn: 'any' },
    good: [
      {
        send: () => ofTurn('/diff'),
        is: diffOfStep,
        and: ({ files, next }) => expect([files[0].diff, next]).toEqual([expect.stringContaining('+a'), null]),
      },
    ],
    bad: [{ send: { path: at(unknown, '/turns/any/diff') }, ...notFound }],
  },
  {
    route: `POST ${route}/undo`,
    good: [
      {
        send: async () => ({
          path: at(await sayAndWait('TOOL write {"filePath":"b.txt","content":"b"}\nSAY Ran.'), '/undo'),
          body: {},
        }),
        is: undone.loose(),
        and: ({ files }) => expect(files).toEqual([{ path: 'b.txt', did: 'removed', why: null }]),
      },
    ],
    bad: [
      { send: { path: at(unknown, '/undo') }, ...notFound },
      {
        send: async () => ({ path: at(await newMission('Never ran'), '/undo') }),
        status: 404,
        says: 'This mission has had no turn yet, so nothing has changed in it.',
      },
      { send: async () => ({ path: at(await finished(), '/undo'), body: { paths: 'a' } }), status: 422, says: /paths/ },
    ],
  },
];
