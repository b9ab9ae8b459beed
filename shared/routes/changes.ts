/** What turns changed in the files of a mission, and taking it back (docs/api.md). */
import * as z from 'zod';
import { changesOfMission, changesOfStep, diffOfStep, maxChangedFiles, undoBody, undone } from '../changes.ts';
import { json, optionally, route } from './route.ts';
import { done, missionInPath, pageQuery } from './scalars.ts';

const mission = '/api/control/missions/:id';
const page = pageQuery(maxChangedFiles);
const diffQuery = page.extend({
  /** Only of this file. */
  path: z.string().max(16_384, 'path is too long').optional(),
});
const stepInPath = missionInPath.extend({ turn: z.string().min(1).max(200) });
const notFound = { 404: 'You have no mission of this id, or what it changed is not kept' };

export const changeRoutes = {
  ofMission: route({
    method: 'GET',
    path: `${mission}/changes`,
    summary: 'What a mission changed in its files until now, and its turns and undos, the newest first',
    who: 'user',
    params: missionInPath,
    query: page,
    answer: json(changesOfMission),
    errors: notFound,
  }),
  ofTurn: route({
    method: 'GET',
    path: `${mission}/turns/:turn/changes`,
    summary: 'The files that a turn, a message or an undo changed, with counts of lines',
    who: 'user',
    params: stepInPath,
    query: page,
    answer: json(changesOfStep),
    errors: notFound,
  }),
  diffOfMission: route({
    method: 'GET',
    path: `${mission}/diff`,
    summary: 'What a mission changed until now, as unified diffs, a page at a time',
    who: 'user',
    params: missionInPath,
    query: diffQuery,
    answer: json(diffOfStep),
    errors: notFound,
  }),
  diffOfTurn: route({
    method: 'GET',
    path: `${mission}/turns/:turn/diff`,
    summary: 'What a turn, a message or an undo changed, as unified diffs, a page at a time',
    who: 'user',
    params: stepInPath,
    query: diffQuery,
    answer: json(diffOfStep),
    errors: notFound,
  }),
  undo: route({
    method: 'POST',
    path: `${mission}/undo`,
    summary: 'Puts back what a turn changed, all or some files; an undo can be undone by its own id',
    who: 'user',
    params: missionInPath,
    body: optionally(undoBody),
    answer: json(done(undone.shape)),
    errors: { ...notFound, 409: 'It runs, or a file was changed since: the text says which' },
  }),
};
