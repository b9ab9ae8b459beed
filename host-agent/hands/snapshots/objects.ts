/** What snapshots consist of, by content: every file once, whatever its names, in files that nothing ever obeys. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { deflateRaw, deflateRawSync, inflateRawSync } from 'node:zlib';

export interface Objects {
  /** Keeps bytes; resolves to their name. What is there already is not written again. */
  put(bytes: Buffer): Promise<string>;
  has(name: string): boolean;
  /** Throws `NotKept`. */
  get(name: string): Buffer;
  /** Removes all that `isKept` says no to, and what a killed process left half-written. */
  sweep(isKept: (name: string) => boolean): void;
  /** What all of them take on the disk, about: a count that goes along with what is put. */
  bytes(): number;
}

/** It was never kept, has been removed since, or is damaged. */
export class NotKept extends Error {}

export const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const [asItIs, packed] = [0, 1];
/** Smaller ones take a block of the disk, packed or not. */
const packFromBytes = 4096;
/** Packing this much holds up no call that an actor runs beside it. */
const packAtOnceBytes = 128 * 1024;
/** Fast, since a border waits; text gets a third of its size by it. */
const level = 1;
/** What a file takes on a disk at the least. */
const blockBytes = 4096;

const packLater = promisify(deflateRaw);

/** In a directory of their own, which is made when something is put. `known`: what they take, if it is. */
export const objectsIn = (directory: string, known?: number): Objects => {
  let total = known;
  const pathOf = (name: string): string => join(directory, name.slice(0, 2), name.slice(2));

  const each = (then: (path: string, name: string) => void): void => {
    for (const folder of readFolder(directory))
      for (const rest of readFolder(join(directory, folder))) then(join(directory, folder, rest), folder + rest);
  };
  const bytes = (): number => {
    if (total !== undefined) return total;
    let sum = 0;
    each((path) => {
      sum += onDisk(statSync(path, { throwIfNoEntry: false })?.size ?? 0);
    });
    total = sum;
    return total;
  };

  return {
    put: async (content) => {
      const name = hashOf(content);
      const path = pathOf(name);
      if (statSync(path, { throwIfNoEntry: false })) return name;
      const packedContent =
        content.length < packFromBytes
          ? content
          : content.length > packAtOnceBytes
            ? await packLater(content, { level })
            : deflateRawSync(content, { level });
      const isSmaller = packedContent.length < content.length;
      const stored = Buffer.concat([Buffer.of(isSmaller ? packed : asItIs), isSmaller ? packedContent : content]);
      try {
        write(path, stored);
      } catch {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 }); // Once for all that begin so.
        write(path, stored);
      }
      if (total !== undefined) total += onDisk(stored.length);
      return name;
    },
    has: (name) => statSync(pathOf(name), { throwIfNoEntry: false }) !== undefined,
    get: (name) => {
      let content: Buffer;
      try {
        const stored = readFileSync(pathOf(name));
        content = stored[0] === packed ? inflateRawSync(stored.subarray(1)) : stored.subarray(1);
      } catch (cause) {
        throw new NotKept(name, { cause });
      }
      if (hashOf(content) !== name) throw new NotKept(name);
      return content;
    },
    sweep: (isKept) => {
      total = undefined;
      each((path, name) => {
        if (!isKept(name)) rmSync(path, { force: true });
      });
    },
    bytes,
  };
};

/** By rename: an object is whole, or is not there. */
const write = (path: string, stored: Buffer): void => {
  writeFileSync(`${path}.part`, stored, { mode: 0o600 });
  renameSync(`${path}.part`, path);
};

const onDisk = (size: number): number => Math.ceil(size / blockBytes) * blockBytes;

const readFolder = (path: string): string[] => {
  try {
    return readdirSync(path);
  } catch {
    return []; // Nothing was put there yet.
  }
};
