import type { ServerInfo } from '../mcp/asked.ts';
import type { ServerResult } from '../mcp/connection.ts';

/** What a server said of itself when it was fresh. */
export interface Known {
  info: ServerInfo;
  /** Its lists (tools, prompts, resources) by the method that asks for them. */
  lists: Map<string, ServerResult>;
}

/** Beyond, what was put first goes, and is asked for once more. */
const most = 100;

/** What is known of servers, so that a mission which only wants to know starts none. */
export const createKnown = () => {
  const all = new Map<string, Known>();
  return {
    of: (key: string): Known | undefined => all.get(key),
    put: (key: string, known: Known): Known => {
      all.delete(key);
      all.set(key, known);
      for (const oldest of [...all.keys()].slice(0, -most)) all.delete(oldest);
      return known;
    },
  };
};
