/** Workspaces (contract §2.3): in this version the host workspace of every server. */
import * as z from 'zod';
import { workspaceCalls } from '../calls/workspace.ts';
import { json, optionally, required, route } from './route.ts';
import { anyPage, count, idInPath, texts, time } from './scalars.ts';

const workspaces = '/api/workspaces';
const errors = { 404: 'No such workspace' };
const given = {
  skills: texts.nullish(),
  tools: texts.nullish(),
  plugins: texts.nullish(),
  template: z.string().nullish(),
  distro: z.string().nullish(),
  env_vars: z.record(z.string(), z.string()).nullish(),
  init_script: z.string().nullish(),
};

export const newWorkspaceBody = z.object({
  name: z.string(),
  workspace_type: z.enum(['host', 'chroot']).nullish(),
  path: z.string().nullish(),
  ...given,
});
export const changedWorkspaceBody = z.object({ name: z.string().nullish(), ...given });

export const workspace = z
  .object({
    id: z.string(),
    name: z.string(),
    workspace_type: z.enum(['host', 'chroot']),
    path: z.string(),
    status: z.enum(['pending', 'building', 'ready', 'error']),
    error_message: z.string().nullable(),
    created_at: time,
    skills: texts,
    tools: texts,
    plugins: texts,
    template: z.string().nullable(),
    distro: z.string().nullable(),
    init_script: z.string().nullable(),
    env_vars: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Workspace' });
export type WorkspaceJson = z.infer<typeof workspace>;

const notContainers = { kind: 'refused', about: 'A host workspace has nothing to build' } as const;

export const workspaceRoutes = {
  list: route({
    method: 'GET',
    path: workspaces,
    summary: 'The workspaces of all servers',
    who: 'user',
    query: anyPage,
    answer: json(z.array(workspace)),
  }),
  create: route({
    method: 'POST',
    path: workspaces,
    summary: 'Would create a workspace, which this version does not: each server has its host workspace',
    who: 'user',
    body: required(newWorkspaceBody),
    answer: { kind: 'refused', about: 'Enrol another server' },
    errors: { 400: 'Wrong name or path, or not in this version', 409: 'The name is taken' },
  }),
  read: route({
    method: 'GET',
    path: `${workspaces}/:id`,
    summary: 'One workspace',
    who: 'user',
    params: idInPath,
    answer: json(workspace),
    errors,
  }),
  update: route({
    method: 'PUT',
    path: `${workspaces}/:id`,
    summary: 'Takes a workspace back as it is; this version keeps no settings of one',
    who: 'user',
    params: idInPath,
    body: required(changedWorkspaceBody),
    answer: json(workspace),
    errors: { ...errors, 400: 'Something would change' },
  }),
  remove: route({
    method: 'DELETE',
    path: `${workspaces}/:id`,
    summary: 'Would delete a workspace: a host workspace goes with its server',
    who: 'user',
    params: idInPath,
    answer: { kind: 'refused', about: 'Remove the server instead' },
    errors: { ...errors, 400: 'It is the server itself' },
  }),
  build: route({
    method: 'POST',
    path: `${workspaces}/:id/build`,
    summary: 'Would build a container workspace',
    who: 'user',
    params: idInPath,
    body: optionally(z.object({ distro: z.string().nullish(), rebuild: z.boolean().nullish() })),
    answer: notContainers,
    errors: { ...errors, 400: 'It is no container' },
  }),
  debug: route({
    method: 'GET',
    path: `${workspaces}/:id/debug`,
    summary: 'What is on the disk of a workspace',
    who: 'resident',
    params: idInPath,
    answer: json(
      workspaceCalls.debug.reply.extend({
        id: z.string(),
        name: z.string(),
        status: z.string(),
        distro: z.string().nullable(),
        last_error: z.string().nullable(),
        size_bytes: count.nullable(),
        init_script_exists: z.boolean(),
        init_script_modified: z.string().nullable(),
      }),
    ),
    errors,
  }),
  initLog: route({
    method: 'GET',
    path: `${workspaces}/:id/init-log`,
    summary: "The end of a workspace's init log",
    who: 'resident',
    params: idInPath,
    answer: json(workspaceCalls.initLog.reply.extend({ log_path: z.string() })),
    errors,
  }),
  sync: route({
    method: 'POST',
    path: `${workspaces}/:id/sync`,
    summary: 'Would bring the library into a workspace',
    who: 'user',
    params: idInPath,
    answer: { kind: 'refused', about: 'This version has no library' },
    errors,
  }),
  exec: route({
    method: 'POST',
    path: `${workspaces}/:id/exec`,
    summary: 'Would run a command in a workspace',
    who: 'user',
    params: idInPath,
    body: required(z.object({ command: z.string() })),
    answer: { kind: 'refused', about: 'Send a message to a mission' },
    errors: { ...errors, 400: 'This version runs no commands from outside' },
  }),
  rerunInit: route({
    method: 'POST',
    path: `${workspaces}/:id/rerun-init`,
    summary: 'Would run the init script of a container workspace again',
    who: 'user',
    params: idInPath,
    answer: notContainers,
    errors: { ...errors, 400: 'It is no container' },
  }),
  shell: route({
    method: 'GET',
    path: `${workspaces}/:id/shell`,
    summary: 'Would open a terminal in a workspace',
    who: 'user',
    params: idInPath,
    answer: { kind: 'socket', about: 'This version has no terminals: the handshake is refused' },
    errors: { ...errors, 400: 'It was not dialled as a WebSocket' },
  }),
};
