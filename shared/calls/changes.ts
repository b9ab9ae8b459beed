/** What turns changed in the files of a mission, and taking it back (docs/api.md, *Changes*). */
import * as z from 'zod';
import { changesOfMission, changesOfStep, diffOfStep, maxUndoPaths, undone } from '../changes.ts';
import { missionId } from '../ids.ts';
import { call } from './call.ts';

/** Whose it is said to be stands in the call itself; the hands compare it with what they know. */
const ofMission = z.object({ mission: missionId });
/** Null: of the whole mission. */
const step = z.string().max(200).nullable();
const page = { offset: z.number().int().nonnegative(), limit: z.number().int().positive() };

export const changeCalls = {
  list: call({
    method: 'changes.list',
    does: 'read',
    on: 'mission',
    who: 'user',
    args: ofMission.extend(page),
    reply: changesOfMission,
  }),
  files: call({
    method: 'changes.files',
    does: 'read',
    on: 'mission',
    who: 'user',
    args: ofMission.extend({ step, ...page }),
    reply: changesOfStep,
  }),
  diff: call({
    method: 'changes.diff',
    does: 'read',
    on: 'mission',
    who: 'user',
    args: ofMission.extend({ step, path: z.string().nullable(), ...page }),
    reply: diffOfStep,
  }),
  /** Patient: it may write many files, and must not be said to have failed while it does. */
  undo: call({
    method: 'changes.undo',
    does: 'change',
    on: 'mission',
    who: 'user',
    args: ofMission.extend({ step, paths: z.array(z.string()).max(maxUndoPaths).nullable(), force: z.boolean() }),
    reply: undone,
    isPatient: true,
  }),
};
