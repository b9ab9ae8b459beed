/** Missions (contract §2.2, §6). */
import * as z from 'zod';
import { createMissionBody, parallelBody, resumeBody, statusBody } from '../api.ts';
import { json, optionally, required, route } from './route.ts';
import { countInQuery, done, historyQuery, missionInPath, pageQuery } from './scalars.ts';
import { mission, storedEvent, tree } from './shapes.ts';

const missions = '/api/control/missions';
/**
 * An entry has the beginning of its conversation, so a page is up to 1 MB; whoever wants more goes on with `offset`.
 */
const mostMissions = 500;
const notFound = { 404: 'You have no mission of this id' };

export const missionRoutes = {
  list: route({
    method: 'GET',
    path: missions,
    summary: 'Your missions, the last changed first',
    who: 'user',
    query: pageQuery(mostMissions).extend({
      /** `true`: those that you deleted and can have back, the last deleted first. */
      deleted: z.enum(['true', 'false'], 'deleted must be true or false').optional(),
    }),
    answer: json(z.array(mission)),
  }),
  create: route({
    method: 'POST',
    path: missions,
    summary: 'Creates a mission, which becomes your current one',
    who: 'user',
    body: optionally(createMissionBody),
    isRepeatable: true,
    answer: json(mission),
    errors: {
      400: 'The server has no such agent',
      404: 'No such workspace',
      409: 'The server was removed meanwhile',
      413: 'The log of the server is nearly full',
      503: 'No server is enrolled',
    },
  }),
  current: route({
    method: 'GET',
    path: `${missions}/current`,
    summary: 'Your current mission, or null',
    who: 'user',
    answer: json(mission.nullable()),
  }),
  cleanup: route({
    method: 'POST',
    path: `${missions}/cleanup`,
    summary: 'Deletes your missions that were opened and never used, at most 500 of each server',
    who: 'user',
    answer: json(done({ deleted_count: z.number().int().nonnegative() })),
  }),
  read: route({
    method: 'GET',
    path: `${missions}/:id`,
    summary: 'One mission with its conversation',
    who: 'user',
    params: missionInPath,
    query: historyQuery,
    answer: json(mission),
    errors: notFound,
  }),
  remove: route({
    method: 'DELETE',
    path: `${missions}/:id`,
    summary: 'Deletes a mission; it can be had back for TRASH_DAYS',
    who: 'user',
    params: missionInPath,
    answer: json(done({ deleted: z.string() })),
    errors: { ...notFound, 409: 'It runs: cancel it first' },
  }),
  restore: route({
    method: 'POST',
    path: `${missions}/:id/restore`,
    summary: 'Gives a deleted mission back, without the messages that waited in it',
    who: 'user',
    params: missionInPath,
    answer: json(mission),
    errors: { 404: 'You have no mission of this id, or it is not kept any more' },
  }),
  load: route({
    method: 'POST',
    path: `${missions}/:id/load`,
    summary: 'Makes a mission your current one',
    who: 'user',
    params: missionInPath,
    query: historyQuery,
    answer: json(mission),
    errors: notFound,
  }),
  tree: route({
    method: 'GET',
    path: `${missions}/:id/tree`,
    summary: "The agent and its sub-agents in the mission's last turn",
    who: 'user',
    params: missionInPath,
    answer: json(tree.nullable()),
    errors: notFound,
  }),
  events: route({
    method: 'GET',
    path: `${missions}/:id/events`,
    summary: 'What happened in a mission, as it is kept',
    who: 'user',
    params: missionInPath,
    query: z.object({
      /** Names of event types, separated by commas. */
      types: z.string().optional(),
      limit: countInQuery('limit').optional(),
      offset: countInQuery('offset').optional(),
      /** `true`: also those that left the log of the server, where it has an archive. */
      archived: z.enum(['true', 'false'], 'archived must be true or false').optional(),
    }),
    answer: json(z.array(storedEvent)),
    errors: { ...notFound, 503: 'The archive can not be read now' },
  }),
  setStatus: route({
    method: 'POST',
    path: `${missions}/:id/status`,
    summary: "Sets a mission's status by hand",
    who: 'user',
    params: missionInPath,
    body: required(statusBody),
    answer: json(done({})),
    errors: { ...notFound, 409: 'It runs' },
  }),
  cancel: route({
    method: 'POST',
    path: `${missions}/:id/cancel`,
    summary: 'Stops what a mission does',
    who: 'user',
    params: missionInPath,
    answer: json(done({ cancelled: z.string() })),
    errors: { 404: 'You have no such mission, or nothing runs in it' },
  }),
  parallel: route({
    method: 'POST',
    path: `${missions}/:id/parallel`,
    summary: 'Starts a mission with a message at once, or not at all',
    who: 'user',
    params: missionInPath,
    body: required(parallelBody),
    isRepeatable: true,
    answer: json(done({ mission_id: z.string() })),
    errors: {
      400: 'The message is empty',
      409: 'No slot is free, or it works already',
      413: 'The message is too long',
    },
  }),
  resume: route({
    method: 'POST',
    path: `${missions}/:id/resume`,
    summary: 'Goes on with an interrupted or blocked mission',
    who: 'user',
    params: missionInPath,
    body: optionally(resumeBody),
    answer: json(mission),
    errors: { 400: 'You have no such mission, or it cannot be resumed', 409: 'It works already' },
  }),
};
