/**
 * Quotas: what a user may have of a server at a time, and how much of it is used (docs/quotas.md; no part of the
 * contract).
 */
import * as z from 'zod';
import { quotaChanges, quotaJson } from '../quotas.ts';
import { json, required, route } from './route.ts';
import { done } from './scalars.ts';

const refusal = 'Only an admin may see and change the quotas of others: ask a user marked "admin": true';
const ofUser = z.object({ user: z.string().min(1).max(200) });
const noUser = { 404: 'There is no user of this id' };

export const quotaRoutes = {
  mine: route({
    method: 'GET',
    path: '/api/quotas',
    summary: 'Your quotas, and how much of each is used',
    who: 'user',
    answer: json(z.array(quotaJson)),
  }),
  change: route({
    method: 'PUT',
    path: '/api/quotas',
    summary: 'Sets quotas of everybody who has none of their own; null takes a change back',
    who: 'admin',
    refusal,
    body: required(quotaChanges),
    answer: json(done({})),
  }),
  ofUser: route({
    method: 'GET',
    path: '/api/quotas/:user',
    summary: 'The quotas of a user, and how much of each is used',
    who: 'admin',
    refusal,
    params: ofUser,
    answer: json(z.array(quotaJson)),
    errors: noUser,
  }),
  changeOfUser: route({
    method: 'PUT',
    path: '/api/quotas/:user',
    summary: 'Sets quotas of one user; null takes a change back',
    who: 'admin',
    refusal,
    params: ofUser,
    body: required(quotaChanges),
    answer: json(done({})),
    errors: noUser,
  }),
};
