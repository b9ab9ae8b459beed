/**
 * Files of a server as the edge asks for them (contract §2.10). Bytes never travel in a call: they go over a transfer.
 */
import * as z from 'zod';
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

/** Bytes of a file, both ends included, or the last so many. */
const byteRange = z.union([
  z.object({ first: z.number().int().nonnegative(), last: z.number().int().nonnegative().nullable() }),
  z.object({ lastBytes: z.number().int().nonnegative() }),
]);
export type ByteRange = z.infer<typeof byteRange>;

export const fileCalls = {
  list: call({ method: 'files.list', does: 'read', on: 'file', who: 'user', args: target, reply: z.array(fileEntry) }),
  makeDirectory: call({ method: 'files.mkdir', does: 'change', on: 'file', who: 'user', args: target, reply: nothing }),
  /** Patient: a large tree takes its time. */
  remove: call({
    method: 'files.rm',
    does: 'change',
    on: 'file',
    who: 'user',
    args: target.extend({ recursive: z.boolean() }),
    reply: nothing,
    isPatient: true,
  }),
  /** Sends a file over the channel `download`; without a ticket it is only described. */
  send: call({
    method: 'files.send',
    does: 'read',
    on: 'file',
    who: 'user',
    args: target.extend({
      transfer: ticket.nullable(),
      range: byteRange.nullable(),
      /**
       * The range is meant for the file with this tag only (If-Range); of another one everything is sent, and so it is
       * for a date: nobody knows whether a file changed twice within its second (RFC 9110 §8.8.2.2).
       */
      rangeOfTag: z.string().nullable(),
      /** Nothing is sent where they say so. An older edge has none. */
      conditions: preconditions.optional(),
    }),
    reply: z.object({
      name: z.string(),
      size: z.number().int().nonnegative(),
      mtimeMs: z.number().int(),
      /** Changes with the content. */
      tag: z.string(),
      /** What is sent; null: nothing is, because of the conditions or because the range lies outside of the file. */
      span: z.object({ start: z.number().int().nonnegative(), bytes: z.number().int().nonnegative() }).nullable(),
    }),
  }),
  /**
   * Takes a multipart body over the channel `upload`; its first field is a file for the directory `path`, or a piece of
   * one.
   */
  receive: call({
    method: 'files.receive',
    does: 'change',
    on: 'file',
    who: 'user',
    args: target.extend({
      transfer: ticket,
      /** Whose pieces these are: another user's upload of the same id is another upload. */
      owner: z.string(),
      contentType: z.string(),
      chunk: z
        .object({ upload: z.string(), index: z.number().int().nonnegative(), total: z.number().int().positive() })
        .nullable(),
    }),
    reply: nothing,
  }),
  /** Puts the pieces of an upload together. Patient: that may be gigabytes. */
  finish: call({
    method: 'files.finish',
    does: 'change',
    on: 'file',
    who: 'user',
    args: target.extend({
      owner: z.string(),
      upload: z.string(),
      name: z.string(),
      total: z.number().int().positive(),
    }),
    reply: storedFile,
    isPatient: true,
  }),
};
