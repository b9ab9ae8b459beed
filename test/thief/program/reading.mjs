// Reading whatever can be read, as much as is worth looking at, without ever waiting for it.
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';

const headBytes = 1024 * 1024;

/** The beginning of a file; undefined for what can't be read, or is none. */
export const headOf = (path, { position = null, bytes = headBytes } = {}) => {
  let fd;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(fd);
    if (stat.isDirectory() || stat.isFIFO() || stat.isSocket()) return undefined;
    const buffer = Buffer.alloc(bytes);
    return buffer.subarray(0, readSync(fd, buffer, 0, bytes, position));
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
};

/** Names in a directory; none where it can't be read. */
export const namesIn = (path) => {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
};
