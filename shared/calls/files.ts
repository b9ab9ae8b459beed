/** Files of a server as the edge asks for them (contract §2.10). Bytes never travel in a call: they go over a transfer. */
import { z } from 'zod';
import { ticket } from '../channels/channel.ts';
import { storedFile } from '../channels/transfers.ts';
import { missionId } from '../ids.ts';
import { preconditions } from '../preconditions.ts';
import { call } from './call.ts';

/** What the asking user may reach on this server; decided by the edge, kept to by the server's one resolver. */
export const fileScope = z.object({
  /** The user's current mission, when it is on this server: relative paths and `/root/context` mean its directories. */
  current: missionId.nullable(),
  /** The missions whose files the user may reach, as far as the path names them; null means every mission. */
  missions: z.array(missionId).nullable(),
  /** May browse the whole server. */
  everything: z.boolean(),
});
export type FileScope = z.infer<typeof fileScope>;

/** A path as the client sent it, decoded. */
const target = z.object({ scope: fileScope, path: z.string() });

export const fileEntry = z.object({
  name: z.string(),
  path: z.string(),
  /** Without following symlinks. */
  kind: z.enum(['dir', 'file', 'link', 'other']),
  size: z.number().int().nonnegative(),
  /** Unix seconds. */
  mtime: z.number().int(),
});
export type FileEntry = z.infer<typeof fileEntry>;

const nothing = z.object({});

export const listFiles = call('files.list', target, z.array(fileEntry));
export const makeDirectory = call('files.mkdir', target, nothing);
/** Patient: a large tree takes its time. */
export const removeFiles = call('files.rm', target.extend({ recursive: z.boolean() }), nothing, { isPatient: true });

/** Bytes of a file, both ends included, or the last so many. */
const byteRange = z.union([
  z.object({ first: z.number().int().nonnegative(), last: z.number().int().nonnegative().nullable() }),
  z.object({ lastBytes: z.number().int().nonnegative() }),
]);
export type ByteRange = z.infer<typeof byteRange>;

/** Sends a file over a transfer; without a ticket it is only described. */
export const sendFile = call(
  'files.send',
  target.extend({
    transfer: ticket.nullable(),
    range: byteRange.nullable(),
    /**
     * If-Range: the range applies only when the file still has this tag; if it has another, the whole file is sent. So it is for a date,
     * because a file may change twice within one second (RFC 9110 §8.8.2.2).
     */
    rangeOfTag: z.string().nullable(),
    /** Nothing is sent where they say so. An older edge has none. */
    conditions: preconditions.optional(),
  }),
  z.object({
    name: z.string(),
    size: z.number().int().nonnegative(),
    mtimeMs: z.number().int(),
    /** Changes with the content. */
    tag: z.string(),
    /** What is sent; null: nothing is, because of the conditions or because the range lies outside of the file. */
    span: z.object({ start: z.number().int().nonnegative(), bytes: z.number().int().nonnegative() }).nullable(),
  }),
);

/** Takes a multipart body over a transfer; its first field is a file for the directory `path`, or a piece of one. */
export const receiveFile = call(
  'files.receive',
  target.extend({
    transfer: ticket,
    /** Whose pieces these are: another user's upload of the same id is another upload. */
    owner: z.string(),
    contentType: z.string(),
    chunk: z
      .object({ upload: z.string(), index: z.number().int().nonnegative(), total: z.number().int().positive() })
      .nullable(),
  }),
  nothing,
);
/** Puts the pieces of an upload together. Patient: that may be gigabytes. */
export const finishUpload = call(
  'files.finish',
  target.extend({ owner: z.string(), upload: z.string(), name: z.string(), total: z.number().int().positive() }),
  storedFile,
  { isPatient: true },
);
