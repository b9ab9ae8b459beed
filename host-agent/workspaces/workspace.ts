import type { FileHandle } from 'node:fs/promises';
import type { FileScope } from '../../shared/calls/files.ts';
import type { Wanted } from './outside.ts';
import type { Pinned } from './pinned.ts';

/**
 * A place where missions work. What needs one of these four things takes it from here and knows nothing else of the
 * place, so that it works the same in a container as on the machine itself.
 */
export interface Workspace {
  /** What the edge calls it in `spec.workspace` of a message. */
  readonly id: string;
  /** Its root, as a path of this machine. */
  readonly directory: string;
  /** Runs a program of the workspace to its end. Throws AppError where the program can't be started. */
  run(program: string, args: readonly string[], options?: RunOptions): Promise<Finished>;
  /** Runs one line of text by the workspace's bash. Throws as `run` does, so also where the workspace has no bash. */
  shell(line: string, options?: RunOptions): Promise<Finished>;
  readonly files: WorkspaceFiles;
}

export interface RunOptions {
  /** A path of this machine; the workspace's own directory where none is named. */
  directory?: string;
}

/** How a program ended. */
export interface Finished {
  /** As a shell counts: 128 and the signal's number where a signal ended it. */
  exitCode: number;
  stdout: string;
  stderr: string;
}

/**
 * The files of a workspace, by paths that people send (invariant 9): each is resolved once, and what is opened is held
 * by descriptor. All throw AppError for a path that this user may not reach, and what the file system says.
 */
export interface WorkspaceFiles {
  /** Where a path leads; nothing is looked at yet. */
  wanted(scope: FileScope, path: string): Wanted;
  /** Throws where the user may not reach it. */
  check(scope: FileScope, wanted: Wanted): Promise<void>;
  /** With `make` the directory is made, with those above it. */
  openDirectory(scope: FileScope, wanted: Wanted, options: { make: boolean }): Promise<Pinned>;
  openFile(scope: FileScope, wanted: Wanted): Promise<FileHandle>;
  /** The directory that something is to be removed from, and its name there. */
  openParent(scope: FileScope, wanted: Wanted): Promise<{ directory: Pinned; name: string }>;
  /** Throws for what is never removed: too much depends on it. */
  checkRemovable(real: string, shown: string): Promise<void>;
}
