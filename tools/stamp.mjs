/**
 * Whether anything that a start is made of was touched since a start found all of it in order. Only sizes and times are
 * compared, which takes half of the time of reading it; where they differ, the contents decide (build.mjs,
 * dependencies.mjs).
 */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sources } from './sources.mjs';

/** What npm writes when it has installed: after it, node_modules is not what it was. */
const installed = join('node_modules', '.package-lock.json');

const stampFile = (root) => join(root, 'dist', 'stamp.txt');

/**
 * Names, sizes and times of change of all sources and of what npm installed, as text. The time of change is the
 * kernel's own: unlike the time of modification, nothing sets it back.
 * @param {string} root directory of package.json
 * @returns {string}
 */
export const stampOf = (root) => [...sources, installed].flatMap((path) => linesOf(root, path)).join('\n');

/**
 * @param {string} root directory of package.json
 * @param {string} stamp stampOf(root), now
 * @returns {boolean} whether dist/ was in order with exactly this
 */
export const isStamped = (root, stamp) => {
  try {
    return readFileSync(stampFile(root), 'utf8') === stamp;
  } catch {
    return false; // None yet: a build makes dist/ anew.
  }
};

/**
 * Keeps `stamp` in dist/ for the next start. Where dist/ can't be written, each start reads the contents.
 * @param {string} root directory of package.json
 * @param {string} stamp taken before dist/ was found to be in order
 */
export const keepStamp = (root, stamp) => {
  try {
    writeFileSync(stampFile(root), stamp);
  } catch {
    rmSync(stampFile(root), { force: true });
  }
};

const linesOf = (root, path) => {
  const found = statSync(join(root, path), { throwIfNoEntry: false });
  if (!found) return []; // As in an unpacked package, or removed between two looks.
  return found.isDirectory() ? linesBelow(root, path) : [lineOf(path, found)];
};

/** What a directory knows of its entries saves a look at each directory; texts instead of paths save as much again. */
const linesBelow = (root, directory) =>
  readdirSync(`${root}/${directory}`, { withFileTypes: true }).flatMap((entry) => {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory()) return linesBelow(root, path);
    const found = statSync(`${root}/${path}`, { throwIfNoEntry: false });
    return found ? [lineOf(path, found)] : [];
  });

const lineOf = (path, { size, ctimeMs, ino }) => `${path} ${size} ${ctimeMs} ${ino}`;
