/**
 * Workspaces (contract §2.3): what a server keeps of one, what is told of it beyond the server, and what the edge has
 * a server do to one. The server keeps the whole entity; the object and D1 have it without the values of its
 * environment, which go through the edge in a command or an answer and are stored there only until the command has
 * ended.
 */
import * as z from 'zod';
import { commandId, uuid } from './ids.ts';

/** Bounds: an entity is one event of the log, and a command one frame (shared/limits). */
const maxTexts = 200;
const text = z.string().max(1_000);
const texts = z.array(text).max(maxTexts);
/** Of an init script; it goes in one command, beside up to `maxEnvBytes` of environment. */
export const maxInitScriptChars = 32 * 1024;
/** Names and values of a workspace's environment together, as JSON. */
export const maxEnvBytes = 64 * 1024;

/** A name of the environment that every shell takes. */
export const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/);

/** `chroot` is a container: the word is the contract's, and other ones break the iOS app. */
export const workspaceType = z.enum(['host', 'chroot']);
export const workspaceStatus = z.enum(['pending', 'building', 'ready', 'error']);

/** What a workspace of a person can be told to be. */
const settings = {
  name: z.string().min(1).max(200),
  template: text.nullable(),
  distro: text.nullable(),
  init_script: z.string().max(maxInitScriptChars).nullable(),
  skills: texts,
  tools: texts,
  plugins: texts,
  /** Everybody who works with this edge sees it and has missions in it; only an admin shares one. */
  shared: z.boolean(),
};

/** What is told of a workspace beyond its server. */
export const projectedWorkspace = z.object({
  id: uuid,
  owner: z.string().min(1).max(200),
  workspace_type: workspaceType,
  /** Its root as the server names it. */
  path: z.string().max(4_096),
  status: workspaceStatus,
  error_message: z.string().max(4_096).nullable(),
  /** Milliseconds. */
  created_at: z.number().int().nonnegative(),
  ...settings,
  /** Names alone: values stay on the server. */
  env_names: z.array(envName).max(1_000),
});
export type ProjectedWorkspace = z.infer<typeof projectedWorkspace>;

/** What its server keeps, in a file that only root or the server's user reads. */
export const workspaceEntity = projectedWorkspace
  .omit({ env_names: true })
  .extend({ env_vars: z.record(envName, z.string()) });
export type WorkspaceEntity = z.infer<typeof workspaceEntity>;

export const projected = ({ env_vars, ...rest }: WorkspaceEntity): ProjectedWorkspace => ({
  ...rest,
  env_names: Object.keys(env_vars).toSorted(),
});

/** `created` starts as the edge has answered it: a host workspace `ready`, a container `pending` until it is built. */
const created = workspaceEntity;

/** What is not named stays. In `env_vars`, which replaces all, null keeps the stored value of that name. */
const updated = z.object({
  ...z.object(settings).partial().shape,
  env_vars: z.record(envName, z.string().nullable()).optional(),
});

const snapshotId = uuid;

const workspaceCommandOf = <Kind extends string, Args extends z.ZodType>(kind: Kind, args: Args) =>
  z.object({
    kind: z.literal(kind),
    id: commandId,
    /** Of no mission: its end is a row of none. */
    mission: z.null(),
    workspace: uuid,
    /** The user who wants it. */
    by: z.string(),
    at: z.number().int().nonnegative(),
    args,
  });

/**
 * What the edge has a server do to a workspace: commands with one end, `command.finished` of no mission with `of` the
 * kind. Doing one again is harmless: a create of an id that is there and a delete of one that is not are done. The
 * commands of one workspace are done one after the other, in the order in which they came.
 *
 * - `create`: keeps the entity, makes the root of a host workspace. Fails where its name or path is taken.
 * - `delete`: ends all that runs in it, removes root, snapshots and entity. A failure keeps it as it was.
 * - `build`: makes the root of a container; `rebuild` throws what is there away first.
 * - `reset`: the root again as it was built. `rerun_init`: the init script once more, in the root as it is.
 * - `sync`: what the library has for it.
 * - `snapshot`, `restore`, `forget`: of its root, by the id that the edge drew.
 * - `clone`: another workspace, whose entity comes whole but for the environment, which is the source's.
 */
export const workspaceCommand = z.discriminatedUnion('kind', [
  workspaceCommandOf('workspace.create', created),
  workspaceCommandOf('workspace.update', updated),
  workspaceCommandOf('workspace.delete', z.object({})),
  workspaceCommandOf('workspace.build', z.object({ distro: text.nullable(), rebuild: z.boolean() })),
  workspaceCommandOf('workspace.sync', z.object({})),
  workspaceCommandOf('workspace.snapshot', z.object({ snapshot: snapshotId, name: z.string().max(200) })),
  workspaceCommandOf('workspace.restore', z.object({ snapshot: snapshotId })),
  workspaceCommandOf('workspace.forget', z.object({ snapshot: snapshotId })),
  workspaceCommandOf('workspace.clone', z.object({ to: projectedWorkspace })),
  workspaceCommandOf('workspace.reset', z.object({})),
  workspaceCommandOf('workspace.rerun_init', z.object({})),
]);
export type WorkspaceCommand = z.infer<typeof workspaceCommand>;
export type WorkspaceCommandKind = WorkspaceCommand['kind'];

/** A host says in `capabilities.orders` which of them it carries out; it is given no others. */
export const workspaceCommandKinds: readonly WorkspaceCommandKind[] = workspaceCommand.options.map(
  (option) => option.shape.kind.value,
);

/** Those during which a workspace is `building`, whatever its server has said before. */
export const buildingKinds: readonly WorkspaceCommandKind[] = ['workspace.build', 'workspace.rerun_init'];

/** A snapshot of a container's root, as `workspace.snapshots` lists it. */
export const workspaceSnapshot = z.object({
  id: snapshotId,
  name: z.string().max(200),
  /** Milliseconds. */
  created_at: z.number().int().nonnegative(),
  /** What it takes on the disk; null where that is not known yet. */
  size_bytes: z.number().int().nonnegative().nullable(),
});
export type WorkspaceSnapshot = z.infer<typeof workspaceSnapshot>;

/** Whose it is, so that nobody else is shown it. */
const whose = { owner: z.string().min(1).max(200), shared: z.boolean() };

/**
 * Facts that a server says of its workspaces, in rows of no mission; how one is now goes before the end of each command
 * about it, whatever came of that. `changed` replaces what was said before.
 * `progress` is what a build prints and no record: a piece at most every half second, from `off` on (UTF-16 units of
 * all that the command was shown to print); viewers are shown it, and it is stored nowhere. The whole is in the init
 * log.
 */
export const workspaceEvents = [
  z.object({ type: z.literal('workspace.changed'), workspace: projectedWorkspace }),
  z.object({ type: z.literal('workspace.removed'), workspace: uuid, ...whose }),
  z.object({
    type: z.literal('workspace.progress'),
    workspace: uuid,
    ...whose,
    command: commandId,
    off: z.number().int().nonnegative(),
    text: z.string().max(16 * 1024),
  }),
] as const;
