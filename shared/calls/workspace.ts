import * as z from 'zod';
import { call } from './call.ts';

/** Folders of a workspace that people are told of (contract §2.3 "Debug object"). */
export const workspaceFolders = ['bin', 'usr', 'etc', 'var', 'var/log', 'root', 'tmp'] as const;

export const workspaceCalls = {
  /** What is on the disk of a server's host workspace. */
  debug: call({
    method: 'workspace.debug',
    does: 'read',
    on: 'workspace',
    who: 'resident',
    args: z.object({}),
    reply: z.object({
      path: z.string(),
      path_exists: z.boolean(),
      directories: z.array(
        z.object({ path: z.string(), exists: z.boolean(), file_count: z.number().int().nullable() }),
      ),
      has_bash: z.boolean(),
      /** The Linux user that the asker's agents run as; an older host-agent says none. */
      agent_user: z.string().optional(),
    }),
  }),
  /** The end of the workspace's init log; `total_lines` null where there is none. */
  initLog: call({
    method: 'workspace.init_log',
    does: 'read',
    on: 'workspace',
    who: 'resident',
    args: z.object({}),
    reply: z.object({ exists: z.boolean(), content: z.string(), total_lines: z.number().int().nullable() }),
  }),
};
