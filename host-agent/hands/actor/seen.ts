import type { SeenFiles } from '../call/tool.ts';
import { seenFiles } from '../tools/seen-files.ts';

/** Sessions whose files are remembered. */
const maxSessions = 500;

/** What each session has seen; the session that did nothing for the longest time is forgotten first. */
export const seenBySession = (): ((session: string) => SeenFiles) => {
  // A map keeps the order in which keys came: its first is the oldest.
  const sessions = new Map<string, SeenFiles>();
  return (session) => {
    const seen = sessions.get(session) ?? seenFiles();
    sessions.delete(session);
    sessions.set(session, seen);
    for (const oldest of sessions.keys()) {
      if (sessions.size <= maxSessions) break;
      sessions.delete(oldest);
    }
    return seen;
  };
};
