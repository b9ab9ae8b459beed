import * as z from 'zod';

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Canonical lower-case UUID text. Upper-case input is accepted at HTTP borders only, where it is lowered first. */
export const uuid = z.string().regex(form, 'must be a lower-case UUID');

/** The same by hand, where many are looked at. */
export const isUuid = (value: unknown): boolean => typeof value === 'string' && form.test(value);

/** A UUID as clients may write it, of any case (Swift prints upper case), and lowered; ours never are anything else. */
export const anyUuid = (error: string) =>
  z
    .string()
    .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, error)
    .toLowerCase();

export const missionId = uuid.brand<'MissionId'>();
export type MissionId = z.infer<typeof missionId>;

/** A command's id; for a message it is also the message id clients know (protocol §1). */
export const commandId = uuid.brand<'CommandId'>();
export type CommandId = z.infer<typeof commandId>;

export const hostId = uuid.brand<'HostId'>();
export type HostId = z.infer<typeof hostId>;

export const turnId = uuid.brand<'TurnId'>();
export type TurnId = z.infer<typeof turnId>;

/** The wire's alias for the default server's own workspace (contract §1.6, architecture §2). */
export const nilWorkspace = '00000000-0000-0000-0000-000000000000';

/** The part of a mission id that names its directory, and so must be unique on a server (protocol §1). */
export const missionShort = (id: MissionId): string => id.slice(0, 8);

/**
 * The id of an answer that is none, of a message that ended without a turn: neither the message's nor anyone else's,
 * the same everywhere.
 */
export const assistantMessageId = (command: string): string => {
  const flipped = (Number.parseInt(command.slice(0, 8), 16) ^ 0xffffffff) >>> 0;
  return flipped.toString(16).padStart(8, '0') + command.slice(8);
};
