import * as z from 'zod';
import { uuid } from '../ids.ts';
import { envName, workspaceEntity, workspaceSnapshot } from '../workspaces.ts';
import { call } from './call.ts';

/** Folders of a workspace that people are told of (contract §2.3 "Debug object"). */
export const workspaceFolders = ['bin', 'usr', 'etc', 'var', 'var/log', 'root', 'tmp'] as const;

/** The workspace that a call is about; absent: the machine itself, as the asking user's place sees it. */
const about = { workspace: uuid.optional() };
const size = z.number().int().nonnegative();

/** Longest run of a command from outside, and what one has that names none (contract §3). Seconds. */
export const maxExecSeconds = 600;
export const defaultExecSeconds = 300;
/** Of each stream of a command from outside the beginning is answered; a `result` is one frame of the link. */
export const maxExecChars = 512 * 1024;

export const workspaceCalls = {
  /** What is on the disk of a workspace. */
  debug: call({
    method: 'workspace.debug',
    does: 'read',
    on: 'workspace',
    who: 'resident',
    args: z.object(about),
    reply: z.object({
      path: z.string(),
      path_exists: z.boolean(),
      directories: z.array(
        z.object({ path: z.string(), exists: z.boolean(), file_count: z.number().int().nullable() }),
      ),
      has_bash: z.boolean(),
      /** The Linux user that the asker's agents run as; an older host-agent says none. */
      agent_user: z.string().optional(),
      /** Of containers. */
      size_bytes: size.nullable().optional(),
      init_script_exists: z.boolean().optional(),
      /** `YYYY-MM-DD HH:MM:SS UTC`. */
      init_script_modified: z.string().nullable().optional(),
    }),
  }),
  /** The end of the workspace's init log; `total_lines` null where there is none. */
  initLog: call({
    method: 'workspace.init_log',
    does: 'read',
    on: 'workspace',
    who: 'resident',
    args: z.object(about),
    reply: z.object({ exists: z.boolean(), content: z.string(), total_lines: z.number().int().nullable() }),
  }),
  /** The whole entity, with the values of its environment: for its owner, and admins where it is shared. */
  get: call({
    method: 'workspace.get',
    does: 'read',
    on: 'workspace',
    who: 'user',
    args: z.object({ workspace: uuid }),
    reply: workspaceEntity,
  }),
  /** The snapshots of a container's root, the newest first. */
  snapshots: call({
    method: 'workspace.snapshots',
    does: 'read',
    on: 'workspace',
    who: 'user',
    args: z.object({ workspace: uuid }),
    reply: z.array(workspaceSnapshot),
  }),
  /** Runs a line of bash to its end; one that the time limit ended has `timed_out`, and what it had printed. */
  exec: call({
    method: 'workspace.exec',
    does: 'change',
    on: 'workspace',
    who: 'user',
    isPatient: true,
    args: z.object({
      workspace: uuid,
      command: z.string(),
      cwd: z.string().nullable(),
      timeout_secs: z.number().int().positive().max(maxExecSeconds),
      env: z.record(envName, z.string()),
      stdin: z.string().nullable(),
    }),
    reply: z.object({
      exit_code: z.number().int(),
      stdout: z.string(),
      stderr: z.string(),
      timed_out: z.boolean(),
    }),
  }),
};
