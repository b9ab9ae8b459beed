import type { FileHandle } from 'node:fs/promises';
import type { ByteRange, FileScope } from '../../shared/calls/files.ts';
import { AppError } from '../../shared/errors.ts';
import { type Preconditions, preconditionOf } from '../../shared/preconditions.ts';
import type { WorkspaceFiles } from '../workspaces/workspace.ts';
import { withFileErrors } from './errors.ts';

export interface Described {
  name: string;
  size: number;
  mtimeMs: number;
  tag: string;
  span: { start: number; bytes: number } | null;
}

/** A file open for reading, with what of it is wanted. */
export interface Reading {
  described: Described;
  /** The next bytes of the span, at most so many; null at its end. Throws when the file became shorter. */
  read(max: number): Promise<Uint8Array | null>;
  close(): Promise<void>;
}

interface ReadOptions {
  path: string;
  range: ByteRange | null;
  rangeOfTag: string | null;
  conditions?: Preconditions | undefined;
}

/** Opens the file that a client means. Throws AppError with a text about the path. */
export const openReading = (
  files: WorkspaceFiles,
  scope: FileScope,
  { path, range, rangeOfTag, conditions }: ReadOptions,
): Promise<Reading> =>
  withFileErrors(path, async () => {
    const wanted = files.wanted(scope, path);
    const handle = await files.openFile(scope, wanted);
    const stats = await handle.stat({ bigint: true });
    const size = Number(stats.size);
    const mtimeMs = Number(stats.mtimeMs);
    // A program may set a file's time of change back after writing to it, but not the kernel's own of its entry.
    const tag = `"${[stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].map((n) => n.toString(36)).join('-')}"`;
    const isWanted = !conditions || preconditionOf(conditions, tag, mtimeMs) === 'send';
    const isMeant = range !== null && (rangeOfTag === null || rangeOfTag === tag);
    const span = !isWanted ? null : isMeant ? spanOf(range, size) : { start: 0, bytes: size };
    const name = wanted.shown.slice(wanted.shown.lastIndexOf('/') + 1);
    const described = { name, size, mtimeMs, tag, span };
    return { described, read: reader(handle, span ?? { start: 0, bytes: 0 }, path), close: () => handle.close() };
  });

const reader = (handle: FileHandle, { start, bytes }: { start: number; bytes: number }, path: string) => {
  let at = start;
  const end = start + bytes;
  return async (max: number): Promise<Uint8Array | null> => {
    if (at >= end) return null;
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(Math.min(max, end - at)), { position: at });
    if (bytesRead === 0) throw new AppError('conflict', `${path} became shorter while it was sent. Try again.`);
    at += bytesRead;
    return buffer.subarray(0, bytesRead);
  };
};

/** Null for a range outside of the file (RFC 9110 §14.1.2). */
const spanOf = (range: ByteRange, size: number): Described['span'] => {
  if ('lastBytes' in range) {
    const bytes = Math.min(range.lastBytes, size);
    // The last bytes of an empty file are all it has.
    return range.lastBytes === 0 ? null : { start: size - bytes, bytes };
  }
  if (range.first >= size) return null;
  return { start: range.first, bytes: Math.min(range.last ?? size - 1, size - 1) - range.first + 1 };
};
