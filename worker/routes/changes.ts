import { changeCalls } from '../../shared/calls/changes.ts';
import { maxChangedFiles } from '../../shared/changes.ts';
import { changeRoutes } from '../../shared/routes/changes.ts';
import { callHost } from '../hosts/call.ts';
import { on, type Served } from '../http/on.ts';
import { requireMissionHost } from '../missions/find.ts';

/** Files of a page where a client names no limit. */
const usualFiles = 100;

const pageOf = ({ limit = usualFiles, offset = 0 }: { limit?: number; offset?: number }) => ({
  limit: Math.min(limit, maxChangedFiles),
  offset,
});

/** Changes of files, which the mission's own server knows; whose hands compare the owner once more. */
export const changes: Served[] = [
  on(changeRoutes.ofMission, async ({ c, principal, user, params: { id }, query }) => {
    const host = await requireMissionHost(c.env, user.id, id);
    return callHost(c.env, principal, host, changeCalls.list, { mission: id, ...pageOf(query) });
  }),
  on(changeRoutes.ofTurn, async ({ c, principal, user, params: { id, turn }, query }) => {
    const host = await requireMissionHost(c.env, user.id, id);
    const wanted = { mission: id, step: turn, ...pageOf(query) };
    return callHost(c.env, principal, host, changeCalls.files, wanted);
  }),
  on(changeRoutes.diffOfMission, async ({ c, principal, user, params: { id }, query }) => {
    const host = await requireMissionHost(c.env, user.id, id);
    const wanted = { mission: id, step: null, path: query.path ?? null, ...pageOf(query) };
    return callHost(c.env, principal, host, changeCalls.diff, wanted);
  }),
  on(changeRoutes.diffOfTurn, async ({ c, principal, user, params: { id, turn }, query }) => {
    const host = await requireMissionHost(c.env, user.id, id);
    const wanted = { mission: id, step: turn, path: query.path ?? null, ...pageOf(query) };
    return callHost(c.env, principal, host, changeCalls.diff, wanted);
  }),
  on(changeRoutes.undo, async ({ c, principal, user, params: { id }, body: { turn, paths, force } }) => {
    const host = await requireMissionHost(c.env, user.id, id);
    const wish = { step: turn ?? null, paths: paths ?? null, force: force ?? false };
    const undone = await callHost(c.env, principal, host, changeCalls.undo, { mission: id, ...wish });
    return { ok: true, ...undone };
  }),
];
