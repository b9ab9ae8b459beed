import { readdirSync, readFileSync } from 'node:fs';
import { identityOf, type ProcessIdentity } from './identity.ts';

export interface TreeProcess {
  identity: ProcessIdentity;
  /** As the kernel shortens it: at most 15 characters, no path, no arguments. */
  name: string;
}

/** A live process and everything below it, now. What was orphaned below another parent is not found. */
export const processTree = (pid: number): TreeProcess[] => {
  const identity = identityOf(pid);
  if (!identity) return [];
  try {
    const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
    );
    return [{ identity, name }, ...children.flatMap(processTree)];
  } catch {
    return []; // It ended while we looked, and its children have another parent now.
  }
};
