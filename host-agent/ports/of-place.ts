import { readdirSync } from 'node:fs';
import { familyOf, rootOf } from '../hands/commands/family.ts';
import { type Listening, listeningOf } from './listening.ts';

/**
 * What listens in the place of this process, an actor. In a place of its own `/proc` shows the owner's processes alone.
 * Elsewhere it shows everybody's, Open Agent's too: then only what is below the actor, or has the mark of a command,
 * belongs to agents.
 */
export const portsOfPlace = (isOwnPlace: boolean): Listening[] => {
  const all = isOwnPlace
    ? readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    : familyOf([rootOf(process.pid) ?? []].flat(), '').map(({ pid }) => pid);
  return listeningOf(all.map(Number).filter((pid) => pid !== process.pid));
};
